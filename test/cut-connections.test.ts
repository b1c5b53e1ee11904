import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ChopChop } from '../server/compose/chopchop.ts';
import { createConfig } from '../server/config/config.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { cpuMsOf } from './support/cpu.ts';
import { registration } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { recordingLog, startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const LOGIN = `${header(DOMAIN)}<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>cut</resource></query></iq>`;
const REGISTRATION = registration('register', `router@${DOMAIN}/router`, '', 'opensrf.cut');
const MESSAGE = `<message to='opensrf@${DOMAIN}/witness' id='whole'><body>caf\u00e9 \u{1f600}</body></message>`;
const CONVERSATION = Buffer.from(LOGIN + REGISTRATION + MESSAGE);

for (const [how, cut] of [
  ['reset', (socket: ReturnType<typeof connect>) => void socket.resetAndDestroy()],
  ['closed', (socket: ReturnType<typeof connect>) => void socket.end()],
] as const) {
  test(`a connection that is ${how} at any byte of a login, a registration and a message leaves nothing behind, and only complete stanzas are delivered`, async (t) => {
    const { server, address, log } = await startServer(t, { domains: [DOMAIN] });
    const witness = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'witness');
    for (let length = 0; length <= CONVERSATION.length; length++) {
      const socket = connect({ ...address, noDelay: true });
      socket.on('error', () => {}).resume();
      await once(socket, 'connect');
      await new Promise<unknown>((resolve) => (length === 0 ? resolve(null) : socket.write(CONVERSATION.subarray(0, length), resolve)));
      cut(socket);
      // Some have to be under way at once.
      if (length % 10 === 0) while (server.connectionCount > 1) await turn();
    }
    while (server.connectionCount > 1) await turn();
    assert.equal(server.sessionCount, 1);
    assert.deepEqual([...(server.routers.get(DOMAIN)?.classes.keys() ?? [])], []);
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'error'),
      [],
    );
    witness.send(`<iq type='get' id='end'><ping xmlns='urn:xmpp:ping'/></iq>`);
    const received = (await witness.expect("id='end'/>")).split('<message ').slice(1);
    assert.ok(received.length <= 1, 'a message is whole with its last byte');
    for (const message of received) assert.match(message, /id='whole'><body>caf\u00e9 \u{1f600}<\/body><\/message>/u);
  });
}

/** Of the processor, for both sides of a thousand logins. */
const AT_MOST_MS = 2_000;

test('a thousand clients that come back at once after a restart are all back, within two seconds of work', async (t) => {
  const config = createConfig({ domains: [DOMAIN], port: 0 });
  const first = new ChopChop(config, recordingLog());
  const [address] = (await first.start()) as [BoundAddress];
  t.after(() => first.stop());
  const loginAll = () => Promise.all(Array.from({ length: 1_000 }, async (_, index) => (await Peer.connect(t, address)).login('opensrf', DOMAIN, `r${index}`)));
  const peers = await loginAll();
  await Promise.all([first.stop(), ...peers.map((peer) => peer.closed())]);
  const second = new ChopChop(createConfig({ domains: [DOMAIN], port: address.port }), recordingLog());
  await second.start();
  t.after(() => second.stop());
  const cost = await cpuMsOf(async () => void (await loginAll()));
  assert.equal(second.sessionCount, 1_000);
  assert.ok(cost < AT_MOST_MS, `${cost} ms`);
});
