import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unacknowledged } from '../../server/sessions/unacknowledged.ts';
import { NO_ACCOUNT } from '../../shared/memory-account.ts';
import { Stanza, UNFOLLOWED } from '../../shared/stanza.ts';

function stanza(id: string, forwarded = false): Stanza {
  const one = new Stanza('message', 'a@localhost/b', 'c@localhost/d', '', id);
  one.inner = '<body>x</body></message>';
  if (forwarded) one.returnPath = UNFOLLOWED;
  return one;
}

function holding(...ids: string[]): Unacknowledged {
  const queue = new Unacknowledged(NO_ACCOUNT);
  for (const id of ids) queue.add(stanza(id, id.startsWith('f')));
  return queue;
}

const idsOf = (stanzas: readonly Stanza[]) => stanzas.map(({ id }) => id).join('');

test('acknowledged stanzas are released, oldest first; the count cannot exceed the sent ones', () => {
  const queue = holding('a', 'b', 'c');
  assert.equal(queue.acknowledge(2), true);
  assert.equal(idsOf(queue.stanzas()), 'c');
  assert.equal(queue.acknowledge(2), true);
  for (const count of [1, 4]) assert.equal(queue.acknowledge(count), false);
  assert.deepEqual([queue.size, queue.sent], [1, 3]);
  assert.equal(queue.acknowledge(3), true);
  assert.deepEqual([queue.size, queue.bytes], [0, 0]);
});

test('the count begins anew behind 2^32-1', () => {
  const queue = new Unacknowledged(NO_ACCOUNT);
  Object.assign(queue, { acknowledged: 0xffff_ffff });
  queue.add(stanza('a'));
  queue.add(stanza('b'));
  assert.equal(queue.sent, 1);
  assert.equal(queue.acknowledge(0), true);
  assert.equal(idsOf(queue.stanzas()), 'b');
  assert.equal(queue.acknowledge(2), false);
  assert.equal(queue.acknowledge(1), true);
});

test('all of it is undelivered but requests of a router that may have been read', () => {
  const queue = holding('a', 'f', 'b', 'f');
  const unsent = queue.stanzas().slice(2);
  assert.deepEqual(queue.connectionEnded(unsent), []);
  assert.equal(idsOf(queue.undelivered()), 'abf');
  // A stanza written once stays marked as written, even if a second write fails.
  assert.deepEqual(queue.connectionEnded(queue.stanzas()), []);
  assert.equal(idsOf(queue.undelivered()), 'abf');
});

test('stanzas that a connection had not written and that are not kept are returned', () => {
  const queue = holding('a');
  const older = stanza('older');
  assert.deepEqual(queue.connectionEnded([older, ...queue.stanzas()]), [older]);
});
