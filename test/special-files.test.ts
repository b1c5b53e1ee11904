import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants, lstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { appeared, MAIN, oneLine, readReady, temporaryFolder } from './support/command.ts';
import { Peer } from './support/peer.ts';
import { endWith, HANG_MS } from './support/processes.ts';

function createFifo(t: TestContext): string {
  const path = join(temporaryFolder(t), 'fifo');
  spawnSync('mkfifo', [path]);
  return path;
}

const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, '--port', '0', ...args], { encoding: 'utf8', timeout: HANG_MS });

for (const [option, ...others] of [
  ['--log-file'],
  ['--pid-file'],
  ['--ready-file'],
  ['--control-file', '--console', '0'],
  ['--control-token-file', '--console', '0'],
  ['--tls-cert', '--tls-port', '0', '--tls-key', '/nowhere'],
  ['--record'],
  ['--replay'],
  ['--stubs'],
] as const) {
  test(`a FIFO or a device for ${option} is refused with one line, and stays`, (t) => {
    const fifo = createFifo(t);
    for (const [path, kind, check] of [
      [fifo, 'FIFO', []],
      [fifo, 'FIFO', ['--check-config']],
      ['/dev/zero', 'device', []],
    ] as const) {
      const { status, stderr } = run(option, path, ...others, ...check);
      assert.equal(status, 4, stderr);
      // Stubs that are no YAML file are a folder of such files.
      assert.match(oneLine(stderr), new RegExp(`${path}.*: (?:it is a ${kind}, not a file|ENOTDIR)`));
    }
    assert.ok(lstatSync(fifo).isFIFO());
    assert.ok(lstatSync('/dev/zero').isCharacterDevice());
  });
}

test('a device for --config or --with-settings is refused with one line', () => {
  for (const option of ['--config', '--with-settings']) {
    const { status, stderr } = run(option, '/dev/zero');
    assert.equal(status, 4, stderr);
    assert.match(oneLine(stderr), /\/dev\/zero.*it is a device, not a file/);
  }
});

test('a full pipe on standard output holds up nothing: sessions, nor the end by SIGTERM', async (t) => {
  const folder = temporaryFolder(t);
  const fifo = createFifo(t);
  const [full, output] = [openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK), openSync(fifo, constants.O_RDWR)];
  assert.throws(() => {
    for (;;) writeSync(full, 'x'.repeat(1_024));
  }, /EAGAIN/);
  const args = ['--port', '0', '--log-level', 'debug', '--ready-file', join(folder, 'ready.json')];
  const child = endWith(t, spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', output, 'inherit'] }));
  await appeared(t, folder, 'ready.json');
  const peer = await Peer.connect(t, readReady(folder).c2s[0]);
  await peer.login('opensrf', 'private.localhost', 'r');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a stop that does not end is ended', async (t) => {
  const signals = new URL('../server/process/signals.js', import.meta.url).href;
  const program = `
    import { stopOnSignal } from '${signals}';
    const log = { info() {}, error: (_fields, message) => console.log(message) };
    setInterval(() => {}, 1_000);
    stopOnSignal({ stop: () => new Promise(() => {}) }, log, 50).catch(({ message }) => console.log(message));
    console.log('ready');`;
  const child = endWith(t, spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  while (!output.includes('ready')) await once(child.stdout, 'data');
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(output, /the stop took too long\nthe stop took longer than 0.05 s/);
});
