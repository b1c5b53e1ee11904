import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const ALICE = 'opensrf@private.localhost/alice';

test('a session counts its input and output, and its counts remain after its end', async (t) => {
  const { server, address } = await startServer(t);
  const alice = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'alice');
  alice.send(`<message to='${ALICE}' id='1'/><message to='${ALICE}' id='2'/>`);
  await alice.message();
  await alice.message();
  const [session] = server.sessions;
  assert.deepEqual([session?.stanzasRead, session?.stanzasDelivered], [2, 2]);
  assert.ok((session?.since ?? 0) > 0);
  const before = server.traffic();
  assert.deepEqual([before.stanzasRead, before.stanzasDelivered], [2, 2]);
  assert.ok(before.bytesRead > 100 && before.bytesWritten > 100);
  alice.send('</stream:stream>');
  await alice.closed();
  assert.equal(server.sessions.size, 0);
  const after = server.traffic();
  assert.deepEqual([after.stanzasRead, after.stanzasDelivered], [2, 2]);
  assert.ok(after.bytesRead >= before.bytesRead + '</stream:stream>'.length);
});

test('logins, bounces by condition, refusals by status and closes by reason are counted', async (t) => {
  const { server, address } = await startServer(t);
  const alice = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'alice');
  alice.send(`<message to='opensrf@private.localhost/nobody' id='1'><body>x</body></message>`);
  await alice.message();
  alice.send(`<message to='router@private.localhost/opensrf.nothing' id='2'><thread>t</thread><body>no OpenSRF</body></message>`);
  await alice.message();
  assert.equal(server.counts.logins, 1);
  assert.deepEqual([...server.counts.bounces], [['service-unavailable', 2]]);
  assert.deepEqual([...(server.routers.get('private.localhost')?.refusalCounts ?? [])], [[404, 1]]);
  alice.send('</stream:stream>');
  await alice.closed();
  assert.deepEqual([...server.counts.closes], [['client-closed', 1]]);
});

for (const [what, sent, condition] of [
  ['a command that only a router may give', `<message to='ROUTER/router'><opensrf router_command='drain' router_class='opensrf.math'/></message>`, 'forbidden'],
  ['a command that is none', `<message to='ROUTER/router'><opensrf router_command='dance' router_class='opensrf.math'/></message>`, 'bad-request'],
  ['what would mislead a listener', `<message to='ROUTER/opensrf.math'><body>x</body><message/></message>`, 'not-acceptable'],
  ['what would mislead a listener, if there were one', `<message to='ROUTER/opensrf.none'><body>x</body><message/></message>`, 'not-acceptable'],
  ['a query that is too long', `<message to='ROUTER/router'><body>${'x'.repeat(70_000)}</body></message>`, 'policy-violation'],
  ['an iq to a service', `<iq to='ROUTER/opensrf.math' type='get' id='1'><query xmlns='jabber:iq:version'/></iq>`, 'service-unavailable'],
  ['an iq to an absent service', `<iq to='ROUTER/opensrf.none' type='get' id='1'><query xmlns='jabber:iq:version'/></iq>`, 'service-unavailable'],
  [
    'an iq to the router that it does not understand',
    `<iq to='ROUTER/router' type='get' id='1'><query xmlns='jabber:iq:version'/></iq>`,
    'service-unavailable',
  ],
] as const) {
  test(`a router's bounce is counted by its condition: ${what}`, async (t) => {
    const { server, address } = await startServer(t);
    await RawProgram.listen(t, address, 'opensrf.math');
    const alice = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'alice');
    alice.send(sent.replace('ROUTER', 'router@private.localhost'));
    await alice.expect(new RegExp(`<error [^>]+><${condition} `));
    assert.deepEqual([...server.counts.bounces], [[condition, 1]]);
  });
}
