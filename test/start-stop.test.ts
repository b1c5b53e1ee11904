import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import { addressOf, type BoundAddress, ListenError } from '../server/net/tcp.ts';
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
  await assert.rejects(server.start(), /started already/);
  const [address] = (await first) as [BoundAddress];
  await server.stop();
  assert.equal(await listens(address), false);
});

test('a server that is stopped while it starts listens no more', async () => {
  const server = create();
  const starting = server.start();
  await server.stop();
  const [address] = (await starting) as [BoundAddress];
  assert.equal(await listens(address), false);
});

test('whoever stops a server that is stopping waits as long as the first', async (t) => {
  const server = create();
  const [address] = (await server.start()) as [BoundAddress];
  await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'a');
  const first = server.stop();
  await server.stop();
  assert.equal(server.connectionCount, 0);
  await first;
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
