import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tap } from '../server/sessions/taps.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const ALICE = 'opensrf@private.localhost/alice';

function recordingTap(): Tap & { events: string[] } {
  const events: string[] = [];
  return {
    events,
    bound: (session) => void events.push(`bound ${session.jid}`),
    read: (session, stanza) => void events.push(`read ${session.jid} ${stanza.name} ${stanza.from}`),
    delivered: (session, stanza) => void events.push(`delivered ${session.jid} ${stanza.name} ${stanza.id}`),
    ended: (session, reason) => void events.push(`ended ${session.jid} ${reason}`),
  };
}

test('a tap sees new sessions, sent and delivered stanzas, and ended sessions, until it is detached', async (t) => {
  const { server, address } = await startServer(t);
  const tap = recordingTap();
  const unwatch = server.watch(tap);
  const alice = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'alice');
  alice.send(`<message to='${ALICE}' id='1'/>`);
  await alice.message();
  assert.deepEqual(tap.events, [`bound ${ALICE}`, `read ${ALICE} message ${ALICE}`, `delivered ${ALICE} message 1`]);
  alice.send('</stream:stream>');
  await alice.closed();
  assert.equal(tap.events.at(-1), `ended ${ALICE} client-closed`);
  unwatch();
  await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'bob');
  assert.equal(tap.events.length, 4);
});

test('an interceptor takes stanzas out of their way and may forward them later', async (t) => {
  const { server, address } = await startServer(t);
  const alice = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'alice');
  let forwardHeld = () => {};
  server.intercept({
    take(session, stanza) {
      if (stanza.id !== 'held') return false;
      forwardHeld = () => session.forward(stanza);
      return true;
    },
  });
  alice.send(`<message to='${ALICE}' id='held'/><message to='${ALICE}' id='passing'/>`);
  assert.match(await alice.message(), /id='passing'/);
  forwardHeld();
  assert.match(await alice.message(), /id='held'/);
});
