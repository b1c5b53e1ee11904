import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serve, until, written } from './support/command.ts';
import { OPENSRF_ROUTER, opensrfSite } from './support/opensrf-site.ts';
import { Peer } from './support/peer.ts';

const site = (t: TestContext) => opensrfSite(t, 'localhost');

test('osrf_control --start --service router: the command returns when logins work, and leaves a pid file and a process of the right title', async (t) => {
  const { start, stop, address, log, title } = await site(t);
  const { status, stderr } = start();
  assert.equal(status, 0, stderr);
  assert.equal(title(), 'OpenSRF Router');
  await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'client');
  await stop();
  assert.match(readFileSync(log, 'utf8'), /^chopchop \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[INFO:\d+:/);
});

test("with a sample site's log level the start, the addresses and the end are logged, and nothing less than a warning besides", async (t) => {
  for (const [logLevel, lines] of [
    [2, ['listening', 'stopping', 'stopped']],
    [1, ['listening', 'stopping', 'stopped']],
    [0, []],
  ] as const) {
    const { start, stop, address, log } = await opensrfSite(t, 'localhost', logLevel);
    assert.equal(start().status, 0);
    const peer = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'client');
    await stop();
    await peer.closed();
    const logged = existsSync(log)
      ? readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => line.includes('[INFO:'))
      : [];
    assert.deepEqual(
      logged.map((line) => /:0:\] (\w+)/.exec(line)?.[1]),
      lines,
    );
    if (lines.length > 0) assert.match(logged[0] as string, new RegExp(`"port":${address.port}`));
  }
});

test('the pid file remains until the process ends, after the log line about the stop', async (t) => {
  const { start, stop, folder, pidFile, log } = await site(t);
  assert.equal(start().status, 0);
  const stopped = written(t, folder, basename(log), '] stopped').then(() => existsSync(pidFile));
  const pid = await stop();
  assert.equal(await stopped, true);
  while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
  assert.equal(existsSync(pidFile), false);
});

test('a second start does not run a second server', async (t) => {
  const { start, stop, pid } = await site(t);
  assert.equal(start().status, 0);
  const first = pid();
  const again = start();
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stderr, /already running/);
  assert.equal(await stop(), first);
});

test('HUP, USR1 and USR2 do not end it', async (t) => {
  const { start, stop, pid, address } = await site(t);
  assert.equal(start().status, 0);
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) process.kill(pid(), signal);
  await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'client');
  await stop();
});

test('it attaches to a running server: stopping the router leaves the server', async (t) => {
  const { config, folder, start, stop, title, address } = await site(t);
  const server = await serve(t, folder, '--config', config, '--port', String(address.port));
  const { status, stderr } = start();
  assert.equal(status, 0, stderr);
  assert.equal(title(), 'OpenSRF Router');
  assert.notEqual(await stop(), server.child.pid);
  await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'client');
});

test('attached, it ends with the server', async (t) => {
  const { config, folder, start, pidFile, address } = await site(t);
  const server = await serve(t, folder, '--config', config, '--port', String(address.port));
  assert.equal(start().status, 0);
  server.child.kill('SIGTERM');
  await until(t, folder, () => !existsSync(pidFile));
});

test('a port in use is an error, and so is an unreadable file', async (t) => {
  const { start, address, pidFile } = await site(t);
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(address.port, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { status, stderr } = start();
  assert.equal(status, 3);
  assert.match(stderr, /^opensrf_router: cannot listen on 127\.0\.0\.1:(\d+): port \1 is in use by /);
  assert.equal(existsSync(pidFile), false);
  const missing = spawnSync(process.execPath, [OPENSRF_ROUTER, '/nonexistent/core.xml', 'routers', pidFile], { encoding: 'utf8' });
  assert.deepEqual([missing.status, missing.stderr.includes('/nonexistent/core.xml: cannot be read')], [4, true]);
  const outcome = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [OPENSRF_ROUTER, ...args], { encoding: 'utf8' });
    return [status, stdout, stderr];
  };
  assert.deepEqual(outcome(), [2, '', 'opensrf_router: usage: opensrf_router CONFIG CONTEXT [PIDFILE]\n']);
  assert.deepEqual(outcome('-h'), [0, 'usage: opensrf_router CONFIG CONTEXT [PIDFILE]\n', '']);
  assert.match(String(outcome('--version')), /^0,\d+\.\d+\.\d+ /);
});
