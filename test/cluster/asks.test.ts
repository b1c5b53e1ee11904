import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Asks } from '../../server/cluster/asks.ts';
import type { Origin } from '../../shared/origin.ts';
import { Stanza } from '../../shared/stanza.ts';
import { FakeClock } from '../support/fakes.ts';

const JID = 'opensrf@localhost/somebody';
const ASK_MS = 1_000;

/** Asks of a member that has two others. */
function startAsks(members: readonly string[] = ['b', 'c']) {
  const clock = new FakeClock();
  const known = new Set<string>();
  const outcomes: string[] = [];
  let charged = 0;
  const account = {
    charge: (bytes: number) => {
      charged += bytes;
    },
  };
  const origin: Origin = { jid: 'opensrf@localhost/sender', fromAttribute: '', domain: 'localhost', isRouterAccount: false, session: 1, account };
  const deliver = (jid: string, { id }: Stanza): boolean => {
    if (known.has(jid)) outcomes.push(`delivered ${id}`);
    return known.has(jid);
  };
  const asks = new Asks({ clock, askMs: ASK_MS, ask: () => members, deliver });
  const find = (id: string, jid = JID): boolean => {
    const stanza = new Stanza('message', jid, '', '', id);
    stanza.origin = origin;
    return asks.find(jid, stanza, () => outcomes.push(`absent ${id}`));
  };
  return { clock, asks, known, outcomes, find, charged: () => charged };
}

test('a stanza waits until all members have said that they do not have its recipient', () => {
  const { asks, outcomes, find, charged } = startAsks();
  assert.equal(find('1'), true);
  assert.ok(charged() > 0, 'its sender is charged for it');
  asks.answered('b', JID, false);
  asks.answered('b', JID, false);
  assert.deepEqual(outcomes, []);
  asks.answered('c', JID, false);
  assert.deepEqual(outcomes, ['absent 1']);
  assert.equal(charged(), 0);
});

test('one question serves all stanzas for an address, which keep their order', () => {
  const { asks, known, outcomes, find } = startAsks();
  find('1');
  find('2');
  assert.equal(asks.asked, 1);
  known.add(JID);
  asks.answered('c', JID, true);
  assert.deepEqual(outcomes, ['delivered 1', 'delivered 2']);
});

test('a session that becomes known gets what waits for it before an answer comes, so that later stanzas do not overtake it', () => {
  const { asks, known, outcomes, find } = startAsks();
  find('1');
  asks.answered('b', JID, false);
  known.add(JID);
  asks.bound(JID);
  assert.deepEqual(outcomes, ['delivered 1']);
  asks.answered('c', JID, true);
  assert.deepEqual(outcomes, ['delivered 1']);
});

test('a member that has left is not waited for', () => {
  const { asks, outcomes, find } = startAsks();
  find('1');
  asks.answered('b', JID, false);
  asks.memberLeft('c');
  assert.deepEqual(outcomes, ['absent 1']);
});

test('a member that does not answer is waited for no longer than askMs', () => {
  const { clock, outcomes, find } = startAsks();
  find('1');
  clock.advance(ASK_MS - 1);
  assert.deepEqual(outcomes, []);
  clock.advance(1);
  assert.deepEqual(outcomes, ['absent 1']);
  assert.equal(clock.timers, 0);
});

test('without other members, a stanza is undeliverable at once', () => {
  const { find, clock } = startAsks([]);
  assert.equal(find('1'), false);
  assert.equal(clock.timers, 0);
});

test('addresses and stanzas that wait are bounded', () => {
  const { asks, outcomes, find } = startAsks();
  for (let index = 0; index < 1_000; index++) assert.equal(find('1', `${JID}-${index}`), true);
  assert.equal(find('1', `${JID}-1000`), false);
  for (let index = 1_000; index < 10_000; index++) assert.equal(find('2', `${JID}-0`), true);
  assert.equal(find('2', `${JID}-0`), false);
  asks.settle();
  assert.equal(outcomes.length, 10_000);
  assert.equal(find('3'), true);
});
