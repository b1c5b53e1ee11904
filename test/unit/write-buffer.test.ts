import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ByteTransport } from '../../server/net/byte-transport.ts';
import { STREAM_FRAMING } from '../../server/net/framing.ts';
import { cut } from '../../shared/pieces.ts';
import { Stanza } from '../../shared/stanza.ts';

/** Both ends of a connection over TCP, ours as a transport. */
async function connection(): Promise<{ transport: ByteTransport; ours: Socket; theirs: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [ours] = (await once(server, 'connection')) as [Socket];
  server.close();
  return { transport: new ByteTransport(ours, { kind: 'tcp', peer: 'test', remote: false }, STREAM_FRAMING), ours, theirs };
}

function received(socket: Socket, length: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= length) resolve(Buffer.concat(chunks).toString());
    });
    socket.resume();
  });
}

test('the unread bytes of a slow peer stay unchanged while others are written to', async () => {
  const [slow, other] = [await connection(), await connection()];
  slow.theirs.pause();
  other.theirs.resume();
  let expected = '';
  for (let index = 0; index < 100; index++) {
    const text = `${index} \u00e9\u20ac\u{1f431}`.repeat(10_000);
    expected += text;
    assert.equal(
      slow.transport.write([text], () => {}),
      1,
    );
    other.transport.write(['z'.repeat(200_000)], () => {});
  }
  assert.ok(slow.transport.waitingBytes > 0, 'the peer has not taken all');
  const text = await received(slow.theirs, Buffer.byteLength(expected));
  assert.ok(text === expected);
  assert.equal(slow.transport.written, Buffer.byteLength(expected));
  for (const socket of [slow.ours, slow.theirs, other.ours, other.theirs]) socket.destroy();
});

test('texts and stanzas of any length are written whole and in order, as many at a time as the kernel is to get', async () => {
  const { transport, ours, theirs } = await connection();
  const stanza = new Stanza('message', 'a@b/c', '', '', '');
  stanza.inner = `<body>${'\u20ac'.repeat(1_000_000)}</body></message>`;
  const entries = ['<a/>', stanza, '', '<b/>', new Stanza('presence', '', '', '', ''), 'x'.repeat(300_000), '<c/>', 'y'.repeat(2_000_000)];
  const expected = entries.map((entry) => (typeof entry === 'string' ? entry : entry.toXml())).join('');
  const text = received(theirs, Buffer.byteLength(expected));
  let rest: (string | Stanza)[] = entries;
  const counts: number[] = [];
  while (rest.length > 0) {
    const count = transport.write(rest, () => {});
    counts.push(count);
    const [first = '', ...others] = rest;
    if (count === 0) rest = [...(typeof first === 'string' ? cut(first) : first.toPieces()), ...others];
    else rest = rest.slice(count);
  }
  assert.ok((await text) === expected);
  assert.deepEqual([counts.slice(0, 2), counts.filter((count) => count === 0).length], [[1, 0], 2]);
  for (const socket of [ours, theirs]) socket.destroy();
});
