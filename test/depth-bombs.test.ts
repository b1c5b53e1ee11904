import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuMsOf } from './support/cpu.ts';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const BOMB = '<a>'.repeat(32_000);
const LOGIN = `<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>bomb</resource></query></iq>`;
const ROUNDS = 200;
const AT_MOST_MS = 50;

for (const [when, before] of [
  ['before login', header(DOMAIN)],
  ['in the element that is to log in', `${header(DOMAIN)}<iq id='1' type='set'>`],
  ['after login', `${header(DOMAIN)}${LOGIN}<message>`],
] as const) {
  // The server is in this process: a ping waits for the server's work meanwhile, on an otherwise idle machine.
  test(`32,000 nested tags ${when} are a violation of policy, and meanwhile 99 of 100 pings of another session wait less than ${AT_MOST_MS} ms`, async (t) => {
    const { address, server } = await startServer(t, { domains: [DOMAIN] });
    const other = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'other');
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const bomb = await Peer.connect(t, address);
      bomb.send(before + BOMB);
      costs.push(
        await cpuMsOf(async () => {
          other.send(`<iq type='get' id='p${round}'><ping xmlns='urn:xmpp:ping'/></iq>`);
          await other.expect(`id='p${round}'/>`);
          assert.match(await bomb.closed(), /<stream:error><policy-violation .*<\/stream:stream>$/);
        }),
      );
      bomb.stream.destroy();
    }
    const p99 = costs.sort((a, b) => a - b)[Math.floor(ROUNDS * 0.99)] as number;
    assert.ok(p99 < AT_MOST_MS, `${p99} ms`);
    assert.equal(server.sessionCount, 1);
  });
}
