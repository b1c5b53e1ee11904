import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import { addressOf, type BoundAddress, ListenError } from '../server/net/tcp.ts';
import { NOWHERE } from '../server/streams/listeners.ts';
import { temporaryFolder } from './support/command.ts';
import { Peer } from './support/peer.ts';
import { recordingLog } from './support/server.ts';

const DOMAIN = 'localhost';

function create(port = 0): ChopChop {
  return new ChopChop(createConfig({ port, domains: [DOMAIN] }), recordingLog());
}

async function listens({ host, port }: BoundAddress): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

test('a server starts and stops again and again, and serves each time', async (t) => {
  const server = create();
  for (let round = 0; round < 3; round++) {
    const [address] = (await server.start()) as [BoundAddress];
    const peer = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'a');
    await server.stop();
    assert.match(await peer.closed(), /<system-shutdown/);
    assert.deepEqual([server.sessionCount, server.connectionCount, await listens(address)], [0, 0, false]);
  }
});

test('a second start is refused while the first is under way', async () => {
  const server = create();
  const first = server.start();
  await assert.rejects(server.start(), /already started/);
  const [address] = (await first) as [BoundAddress];
  await server.stop();
  assert.equal(await listens(address), false);
});

test('a server stopped during its start does not listen', async () => {
  const server = create();
  const starting = server.start();
  await server.stop();
  const [address] = (await starting) as [BoundAddress];
  assert.equal(await listens(address), false);
});

test('a second stop of a stopping server waits as long as the first', async (t) => {
  const server = create();
  const [address] = (await server.start()) as [BoundAddress];
  await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'a');
  const first = server.stop();
  await server.stop();
  assert.equal(server.connectionCount, 0);
  await first;
});

/** A port that is in use on one address until the test ends, and free on others. */
async function takenPort(t: TestContext, host = '127.0.0.1'): Promise<{ port: number; free: () => Promise<unknown> }> {
  const holder = createServer().listen(0, host);
  await once(holder, 'listening');
  t.after(() => holder.close());
  return { port: addressOf(holder).port, free: () => once(holder.close(), 'close') };
}

/** A port that was free a moment ago. */
async function freePort(t: TestContext): Promise<number> {
  const { port, free } = await takenPort(t);
  await free();
  return port;
}

for (const [what, config] of [
  ['another port', (free: number, taken: number) => ({ ports: [free, taken] })],
  ['the port of components', (free: number, taken: number) => ({ port: free, components: { port: taken, secrets: new Map([['gate.localhost', 'secret']]) } })],
  ['the port of WebSockets', (free: number, taken: number) => ({ port: free, websocket: { ports: [taken] } })],
] as const) {
  test(`a server that cannot get ${what} leaves nothing open, and starts once it can`, async (t) => {
    const [port, taken] = [await freePort(t), await takenPort(t)];
    const path = join(temporaryFolder(t), 'chopchop.sock');
    const input = { hosts: ['127.0.0.1'], domains: [DOMAIN], unix: { paths: [path] }, ...config(port, taken.port) };
    const server = new ChopChop(createConfig(input), recordingLog());
    await assert.rejects(server.start(), (error) => error instanceof ListenError && error.message.includes(`:${taken.port}: `));
    assert.deepEqual([await listens({ host: '127.0.0.1', port }), existsSync(path), server.listening], [false, false, NOWHERE]);
    await taken.free();
    await server.start();
    t.after(() => server.stop());
    assert.deepEqual([await listens({ host: '127.0.0.1', port }), existsSync(path)], [true, true]);
  });
}

test('a server that cannot have its port on one address leaves it on none', async (t) => {
  const { port } = await takenPort(t, '127.0.0.2');
  const server = new ChopChop(createConfig({ hosts: ['127.0.0.1', '127.0.0.2'], port, domains: [DOMAIN] }), recordingLog());
  await assert.rejects(server.start(), ListenError);
  assert.equal(await listens({ host: '127.0.0.1', port }), false);
});

test('a server that could not start can be started again', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = addressOf(holder);
  const server = create(port);
  await assert.rejects(server.start(), ListenError);
  holder.close();
  await once(holder, 'close');
  const [address] = (await server.start()) as [BoundAddress];
  assert.equal(await listens(address), true);
  await server.stop();
});
