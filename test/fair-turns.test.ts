import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const PING = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
const END = `<message to='opensrf@${DOMAIN}/neighbour'><body>end</body></message>`;

/** Shapes that take much time per byte, and one that takes little. */
const SHAPES: readonly (readonly [shape: string, xml: string, bytes: number])[] = [
  ['pings', PING, 500_000],
  ['stanzas that are refused', '<iq/>', 200_000],
  ['errors to an absent peer', `<message to='opensrf@${DOMAIN}/absent' type='error'><body>${'x'.repeat(400)}</body></message>`, 4_000_000],
];

for (const transport of ['memory', 'TCP'] as const) {
  for (const [shape, xml, bytes] of SHAPES) {
    test(`a peer that sends much at once delays no other: ${shape} over ${transport}`, async (t) => {
      const { server, address } = await startServer(t, { domains: [DOMAIN] });
      const connect = () => (transport === 'memory' ? Promise.resolve(Peer.inMemory(server)) : Peer.connect(t, address));
      const flood = await (await connect()).login('opensrf', DOMAIN, 'flood');
      const neighbour = await (await connect()).login('opensrf', DOMAIN, 'neighbour');
      flood.send(xml.repeat(Math.ceil(bytes / xml.length)) + END);
      await turn();
      await turn();
      neighbour.send(PING);
      await neighbour.expect('<body>end</body>');
      assert.match(neighbour.transcript, /type='result' id='p'[\s\S]*<body>end/);
      for (const peer of [flood, neighbour]) peer.stream.destroy();
    });
  }
}

test('a peer’s last bytes are read after all earlier ones, in any number of turns', async (t) => {
  const { server } = await startServer(t, { domains: [DOMAIN] });
  const peer = await Peer.inMemory(server).login('opensrf', DOMAIN, 'peer');
  const neighbour = await Peer.inMemory(server).login('opensrf', DOMAIN, 'neighbour');
  const numbers = Array.from({ length: 5_000 }, (_, number) => number);
  const messages = numbers.map((number) => `<message to='opensrf@${DOMAIN}/neighbour' id='${number}'><x/></message>`);
  peer.send(`${messages.join('')}${END}</stream:stream>`);
  peer.stream.end();
  await neighbour.expect('<body>end</body>');
  const ids = Array.from(neighbour.transcript.matchAll(/ id='(\d+)'><x/g), ([, id]) => Number(id));
  assert.deepEqual(ids, numbers);
  for (const one of [peer, neighbour]) one.stream.destroy();
});
