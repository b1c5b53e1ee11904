import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import { temporaryFolder } from './support/command.ts';
import { Peer } from './support/peer.ts';
import { recordingLog, startServer } from './support/server.ts';

async function open(t: TestContext, path: string): Promise<Peer> {
  const socket = connect(path);
  await once(socket, 'connect');
  t.after(() => void socket.destroy());
  return new Peer(socket);
}

function startFails(path: string, message: RegExp): Promise<void> {
  const server = new ChopChop(createConfig({ port: 0, unix: { paths: [path] } }), recordingLog());
  return assert.rejects(server.start(), message);
}

/** A stale socket, as of a killed server. */
function leaveStale(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  assert.ok(statSync(path).isSocket(), 'it has left one');
}

test('an OpenSRF client logs in over a Unix domain socket as over TCP, and they reach each other', async (t) => {
  const path = join(temporaryFolder(t), 'chopchop.sock');
  const { server, address } = await startServer(t, { unix: { paths: [path] } });
  assert.deepEqual(server.listening.unix, [path]);
  const local = await (await open(t, path)).login('opensrf', 'localhost', 'local');
  const tcp = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'tcp');
  tcp.send("<message to='opensrf@localhost/local'><body>there</body></message>");
  assert.match(await local.message(), /there/);
  local.send("<message to='opensrf@localhost/tcp'><body>back</body></message>");
  assert.match(await tcp.message(), /back/);
});

test('the socket has the requested permissions, and the server removes it when it stops', async (t) => {
  const folder = temporaryFolder(t);
  for (const mode of [0o660, 0o600, 0o666]) {
    const path = join(folder, `${mode}.sock`);
    const { server } = await startServer(t, { unix: { paths: [path], mode } });
    assert.equal(statSync(path).mode & 0o777, mode);
    await server.stop();
    assert.equal(existsSync(path), false);
  }
});

test("a killed server's socket is replaced", async (t) => {
  const path = join(temporaryFolder(t), 'chopchop.sock');
  leaveStale(path);
  await startServer(t, { unix: { paths: [path] } });
  await (await open(t, path)).login('opensrf', 'localhost', 'local');
});

test('a socket in use stays, and the start fails with the reason', async (t) => {
  const path = join(temporaryFolder(t), 'chopchop.sock');
  await startServer(t, { unix: { paths: [path] } });
  await startFails(path, /cannot listen on .*chopchop\.sock: it is in use by another program; stop it, or choose another path with --unix/);
  await (await open(t, path)).login('opensrf', 'localhost', 'local');
});

test('the server removes sockets only', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  const link = join(folder, 'link');
  writeFileSync(file, 'precious');
  symlinkSync(file, link);
  mkdirSync(join(folder, 'folder'));
  for (const name of ['file', 'link', 'folder']) await startFails(join(folder, name), /the path exists and is not a socket/);
  assert.equal(readFileSync(link, 'utf8'), 'precious');
});

test('an invalid path is reported with its reason, and no port stays open', async (t) => {
  const folder = temporaryFolder(t);
  await startFails(join(folder, 'none', 'chopchop.sock'), /cannot listen on .*none\/chopchop\.sock: the folder does not exist/);
  await startFails(join(folder, 'x'.repeat(120)), /the path is longer than 103 bytes/);
  writeFileSync(join(folder, 'file'), '');
  await startFails(join(folder, 'file', 'chopchop.sock'), /a part of the path is not a folder/);
});

test('an unwritable folder is reported', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, async (t) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o500);
  await startFails(join(folder, 'chopchop.sock'), /permission denied in that folder/);
});
