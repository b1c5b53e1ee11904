import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerEvidence } from '../../server/compose/evidence.ts';
import type { Session } from '../../server/sessions/session.ts';
import { FakeSession } from '../support/fakes.ts';

const worker = (number: number, stanzasRead: number) => ({ jid: `o@localhost/math_drone_host_1.${number}_${number}`, since: number, stanzasRead });

test('the workers of a listener are found here and at other members of a cluster', () => {
  const sessions = new Set([worker(1, 10), { ...worker(2, 20), jid: 'o@localhost/client' }] as unknown as Session[]);
  const evidence = new ServerEvidence(sessions, { soon: (action) => action() });
  const [listener, other] = [new FakeSession('o@localhost/math_listener_host_1.1_1'), new FakeSession('o@localhost/other')];
  const seen = () => evidence.workers([listener, other]).get(listener);
  assert.deepEqual(seen(), [{ since: 1, sent: 10 }]);
  evidence.elsewhere = () => [worker(3, 30), { ...worker(4, 40), jid: 'o@localhost/math_drone_elsewhere_1.4_4' }];
  assert.deepEqual(seen(), [
    { since: 1, sent: 10 },
    { since: 3, sent: 30 },
  ]);
  assert.equal(evidence.workers([other]).get(other), undefined);
});

test('unread bytes are known of sessions here only', () => {
  const evidence = new ServerEvidence(new Set(), { soon: (action) => action() });
  let reported = -1;
  evidence.readUnread([new FakeSession('o@localhost/remote')], ({ size }) => {
    reported = size;
  });
  assert.equal(reported, 0);
});
