import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { readDirectly } from '../server/net/read-directly.ts';
import { addressOf } from '../server/net/tcp.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

test('stanzas of two peers that arrive at the same time, in pieces of characters, are not mixed up', async (t) => {
  const { address } = await startServer(t);
  const peers: Peer[] = [];
  for (const name of ['alice', 'bob']) peers.push(await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', name));
  const texts = ['\u{1f431}\u20ac\u00e9'.repeat(20), '\u{1f436}\u00fc\u20ac'.repeat(20)];
  const stanzas = ['alice', 'bob'].map((name, index) =>
    Buffer.from(`<message to='opensrf@private.localhost/${name}' from='x'><body>${texts[index]}</body></message>`),
  );
  const length = Math.max(...stanzas.map((stanza) => stanza.length));
  for (let at = 0; at < length; at += 3) {
    for (const [index, peer] of peers.entries()) peer.send(stanzas[index]?.subarray(at, at + 3) as Buffer);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const [index, peer] of peers.entries()) assert.ok((await peer.message()).includes(`<body>${texts[index]}</body>`));
});

test('a socket that is read directly ends, fails and closes like any other, and its server no longer counts it', async (t) => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const theirs = connect(addressOf(server).port, '127.0.0.1');
  t.after(() => theirs.destroy());
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const chunks: string[] = [];
  const ours = readDirectly(accepted, (chunk) => chunks.push(chunk.toString()));
  assert.notEqual(ours, accepted);
  assert.equal(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count))), 0);
  theirs.end('a');
  await once(ours, 'end');
  assert.deepEqual(chunks, ['a']);
  const closed = once(ours, 'close');
  ours.end('b');
  const [answer] = (await once(theirs, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'b');
  await closed;
});

test('a paused socket that is read directly reads on when it is resumed', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const theirs = connect(addressOf(server).port, '127.0.0.1');
  t.after(() => theirs.destroy());
  const [accepted] = (await once(server, 'connection')) as [Socket];
  let length = 0;
  let paused = 0;
  const ours = readDirectly(accepted, (chunk) => {
    length += chunk.length;
    ours.pause();
    const before = length;
    // Two turns: in one of them the bytes in the kernel would have been read.
    setImmediate(() =>
      setImmediate(() => {
        assert.equal(length, before, 'nothing came while it was paused');
        paused++;
        ours.resume();
      }),
    );
  });
  theirs.end(Buffer.alloc(1_000_000));
  await once(ours, 'end');
  assert.equal(length, 1_000_000);
  assert.ok(paused > 10, `${paused} times`);
});

test('a socket without a handle is read like any stream', () => {
  const socket = new Socket();
  const chunks: string[] = [];
  assert.equal(
    readDirectly(socket, (chunk) => chunks.push(chunk.toString())),
    socket,
  );
  socket.emit('data', Buffer.from('a'));
  assert.deepEqual(chunks, ['a']);
});
