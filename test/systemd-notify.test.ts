import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { ControlClient } from '../server/control/control-client.ts';
import { readControlFile } from '../server/control/control-file.ts';
import { EXIT } from '../server/kernel/exit-codes.ts';
import { serve, temporaryFolder } from './support/command.ts';
import { endWith, kill } from './support/processes.ts';

const absent = ['systemd-notify', 'python3'].find((program) => spawnSync(program, ['--version']).status !== 0);
const skip = absent !== undefined && `there is no ${absent}`;

/** Prints each datagram as a line of JSON. The kernel closes descriptors that come with it, which ends the wait of systemd-notify (BARRIER=1). */
const RECEIVER = `
import json, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print('"bound"', flush=True)
while True: print(json.dumps(receiver.recv(4096).decode()), flush=True)`;

/** Stands for systemd. @returns a function for the next notification. */
async function notifications(t: TestContext): Promise<() => Promise<string>> {
  const socket = join(temporaryFolder(t), 'notify');
  const receiver = endWith(t, spawn('python3', ['-c', RECEIVER, socket], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const lines = createInterface(receiver.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string) as string;
  assert.equal(await next(), 'bound');
  process.env['NOTIFY_SOCKET'] = socket;
  t.after(() => delete process.env['NOTIFY_SOCKET']);
  return async () => {
    for (;;) {
      const text = await next();
      if (text !== 'BARRIER=1') return text;
    }
  };
}

/** The monotonic clock in microseconds, which all processes share. */
const now = () => process.hrtime.bigint() / 1000n;

function assertReloading(text: string, since: bigint): void {
  const [, time] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(text) ?? assert.fail(text);
  assert.ok(BigInt(time as string) >= since && BigInt(time as string) <= now());
}

test('systemd learns of start, reload, failed restart and restart, and of the main process, in this order', { skip }, async (t) => {
  const next = await notifications(t);
  const folder = temporaryFolder(t);
  process.env['XDG_RUNTIME_DIR'] = folder;
  const token = join(folder, 'token');
  writeFileSync(token, 'a'.repeat(64), { mode: 0o600 });
  const file = join(folder, 'control.json');
  const { child, ready } = await serve(t, folder, '--console', '0', '--control-file', file, '--control-token-file', token, '--log-file', join(folder, 'log'));
  let main = ready.pid;
  t.after(() => kill(main));
  const restart = () => new ControlClient(readControlFile(file)).order('/api/v1/restart', EXIT.notRestarted);
  assert.equal(await next(), `READY=1\nMAINPID=${ready.pid}`);

  const reloads = now();
  child.kill('SIGHUP');
  assertReloading(await next(), reloads);
  assert.equal(await next(), 'READY=1');

  rmSync(token);
  const fails = now();
  await assert.rejects(restart(), /cannot read/);
  assertReloading(await next(), fails);
  assert.equal(await next(), 'READY=1');

  writeFileSync(token, 'a'.repeat(64), { mode: 0o600 });
  const ended = once(child, 'exit');
  const restarts = now();
  main = ((await restart()) as { readonly pid: number }).pid;
  assertReloading(await next(), restarts);
  assert.equal(await next(), `READY=1\nMAINPID=${main}`);
  // No keeper remains: systemd waits for the main process.
  assert.deepEqual(await ended, [EXIT.ok, null]);

  const reloadsAgain = now();
  process.kill(main, 'SIGHUP');
  assertReloading(await next(), reloadsAgain);
  assert.equal(await next(), 'READY=1');
});
