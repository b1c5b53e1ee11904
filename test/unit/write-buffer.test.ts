import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { ByteTransport } from '../../server/net/byte-transport.ts';
import { STREAM_FRAMING } from '../../server/net/framing.ts';
import { cut } from '../../shared/pieces.ts';
import { addressesOf, Stanza } from '../../shared/stanza.ts';
import { readStanza } from '../support/reading.ts';

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

test('a stanza that was read as ASCII is written whole with addresses and a text that are not', async () => {
  const { transport, ours, theirs } = await connection();
  const stanza = readStanza(`<message to='a@b/c' from='d@e/f'><body>plain</body></message>`);
  assert.ok(stanza.isAscii, 'read as ASCII');
  stanza.from = 'd@e/\u00e9\u20ac';
  const copy = stanza.copy();
  copy.inner = '<body>\u20ac</body></message>';
  const expected = stanza.toXml() + copy.toXml();
  transport.write([stanza, copy], () => {});
  assert.equal(await received(theirs, Buffer.byteLength(expected)), expected);
  assert.match(expected, /d@e\/\u00e9\u20ac'><body>plain<.*<body>\u20ac</);
  for (const socket of [ours, theirs]) socket.destroy();
});

test('known addresses are written only while the stanza has them', () => {
  const stanza = new Stanza('message', 'a@b/c', 'd@e/f', '', '');
  stanza.known = addressesOf(`a@b/"'&`, 'd@e/f');
  assert.equal(stanza.toXml(), "<message to='a@b/c' from='d@e/f'/>");
  stanza.to = stanza.known.to;
  assert.equal(stanza.toXml(), "<message to='a@b/&quot;&apos;&amp;' from='d@e/f'/>");
  stanza.from = 'g@h/<';
  assert.equal(stanza.toXml(), "<message to='a@b/&quot;&apos;&amp;' from='g@h/&lt;'/>");
});
