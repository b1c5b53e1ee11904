import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const CHUNK_BYTES = 64 * 1024;
const CHUNKS = 100;
/** After 256 KiB the next peer is read; the chunk that reaches that is read as a whole. */
const AT_MOST_BYTES = 256 * 1024 + CHUNK_BYTES;

for (const transport of ['memory', 'TCP'] as const) {
  test(`in one turn of the event loop so much is read of one peer and not more, over ${transport}`, async (t) => {
    const { server, address } = await startServer(t, { domains: [DOMAIN] });
    const flood = transport === 'memory' ? Peer.inMemory(server) : await Peer.connect(t, address);
    await flood.login('opensrf', DOMAIN, 'flood');
    const [session] = server.sessions;
    const read = () => session?.link.bytesRead ?? 0;
    const before = read();
    const [head, end] = [`<message to='opensrf@${DOMAIN}/absent' type='error'><body>`, '</body></message>'];
    const message = head + 'x'.repeat(CHUNK_BYTES - head.length - end.length) + end;
    for (let count = 0; count < CHUNKS; count++) flood.send(message);
    for (let last = before; last < before + CHUNKS * CHUNK_BYTES; last = read()) {
      await turn();
      assert.ok(read() - last <= AT_MOST_BYTES, `${read() - last} bytes`);
    }
  });
}
