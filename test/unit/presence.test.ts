import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Delivery } from '../../server/delivery/delivery.ts';
import { Directory } from '../../server/delivery/directory.ts';
import { ServerCounts } from '../../server/kernel/counts.ts';
import { Presence, type PresentSession } from '../../server/sessions/presence.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { FakeSession } from '../support/fakes.ts';
import { readStanza } from '../support/reading.ts';

/** A session without a stream, here or at another member of a cluster. */
class Present extends FakeSession implements PresentSession {
  get bareJid(): string {
    return this.jid.slice(0, this.jid.indexOf('/'));
  }
}

function setUp() {
  const limits = { directedPresences: 10, availableSessions: 10, queryBytes: 1_000, stanzaCopies: 10, stanzaCopyBytes: 10_000 };
  const directory = new Directory();
  const presence = new Presence(new Delivery(directory, new ServerCounts()), limits);
  const announced: string[] = [];
  presence.announcer = {
    available: ({ jid }, stanza) => void announced.push(`${jid} available ${stanza.inner} to ${stanza.to}`),
    unavailable: ({ jid }) => void announced.push(`${jid} unavailable`),
  };
  const login = (resource: string, local = true): Present => {
    const session = new Present(`user@localhost/${resource}`);
    session.local = local;
    directory.add(session);
    return session;
  };
  const send = (session: Present, xml: string): void => {
    const stanza = readStanza(xml);
    stanza.from = session.jid;
    stanza.origin = session.origin;
    presence.presenceRead(session, stanza);
  };
  return { presence, announced, login, send };
}

const from = (session: Present, priority = 0): Stanza => {
  const stanza = readStanza(`<presence to='user@localhost'><priority>${priority}</priority></presence>`);
  stanza.from = session.jid;
  return stanza;
};
const seen = (session: Present): string[] => session.take().map((stanza) => `${stanza.from.slice(stanza.from.indexOf('/') + 1)} ${stanza.type}`.trim());
const jids = (sessions: readonly PresentSession[]): string[] => sessions.map(({ jid }) => jid);

test('a session of another member is available here as there, and is told once of each change', () => {
  const { presence, announced, login, send } = setUp();
  const [here, there] = [login('here'), login('there', false)];
  presence.restore(there, { stanza: from(there, 5), addresses: [] });
  presence.restore(there, { stanza: from(there, 7), addresses: [] });
  assert.deepEqual([seen(here), seen(there), announced], [[], [], []]);
  send(here, '<presence><priority>1</priority></presence>');
  assert.deepEqual([seen(here), seen(there)], [['here', 'there'], ['here']]);
  assert.deepEqual(jids(presence.mostAvailable('user@localhost')), [there.jid]);
  send(here, "<presence type='unavailable'/>");
  send(here, "<presence type='unavailable'/>");
  assert.deepEqual([seen(here), seen(there)], [['here unavailable'], ['here unavailable']]);
  assert.deepEqual(announced, [`${here.jid} available <priority>1</priority></presence> to user@localhost`, `${here.jid} unavailable`]);
});

test('the own member of a session sends its unavailable presence; if it is lost, each member sends it to its own sessions', () => {
  const { presence, announced, login, send } = setUp();
  const [here, there, elsewhere] = [login('here'), login('there', false), login('elsewhere', false)];
  for (const session of [there, elsewhere]) presence.restore(session, { stanza: from(session), addresses: [] });
  send(here, '<presence/>');
  for (const session of [here, there, elsewhere]) session.take();
  announced.splice(0);
  presence.removed(elsewhere, false);
  assert.deepEqual([seen(here), seen(there)], [[], []]);
  presence.restore(elsewhere, { stanza: from(elsewhere), addresses: [] });
  for (let times = 0; times < 2; times++) presence.removed(there, true);
  assert.deepEqual([seen(here), seen(there), seen(elsewhere)], [['there unavailable'], [], []]);
  assert.deepEqual(jids(presence.availableAt('user@localhost')), [here.jid, elsewhere.jid]);
  presence.ended(here);
  assert.deepEqual([seen(elsewhere), announced], [['here unavailable'], []], 'the end of a session is announced as such');
});

test('the memory of a remote presence is charged once, and given back', () => {
  const { presence, login } = setUp();
  const there = login('there', false);
  presence.restore(there, { stanza: from(there), addresses: [] });
  const { bytes } = there.account;
  presence.restore(there, { stanza: from(there), addresses: [] });
  assert.ok(bytes > 0);
  assert.equal(there.account.bytes, bytes);
  presence.removed(there, true);
  assert.equal(there.account.bytes, 0);
});

test('directed and refused presence is not announced', () => {
  const { announced, login, send } = setUp();
  const here = login('here');
  send(here, "<presence to='friend@localhost/x'/>");
  send(here, `<presence><status>${'x'.repeat(1_000)}</status></presence>`);
  assert.deepEqual(announced, []);
});
