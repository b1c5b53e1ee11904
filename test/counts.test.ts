import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const ALICE = 'opensrf@private.localhost/alice';

test('a session counts what it sends and gets, and what it counted stays when it is over', async (t) => {
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
  assert.deepEqual([...server.counts.bounces], [['service-unavailable', 1]]);
  assert.deepEqual([...(server.routers.get('private.localhost')?.refusals ?? [])], [[404, 1]]);
  alice.send('</stream:stream>');
  await alice.closed();
  assert.deepEqual([...server.counts.closes], [['client-closed', 1]]);
});
