import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyText } from '../../shared/osrf/read.ts';
import { FakeSession, messageXml, requestBody } from '../support/fakes.ts';
import { routerOfMember, threads } from '../support/router-of-member.ts';

type Member = ReturnType<typeof routerOfMember>;

const counts = (session: FakeSession, count: number, answered = 0, unanswered = 0) => ({ className: 'a', jid: session.jid, count, answered, unanswered });
const totalOf = ({ router }: Member, { jid }: FakeSession) => ({ ...router.classes.get('a')?.nodes.get(jid)?.total });

function ask({ environment, client }: Member, method: string): string {
  environment.send(client, messageXml('router@localhost/router', 't', requestBody(1, method, ['a'])));
  return bodyText(client.take()[0] as Parameters<typeof bodyText>[0]);
}

test('queries show the sums over all members, and a report replaces the one before', () => {
  const member = routerOfMember();
  const [own, remote] = [member.register('own'), member.join('remote')];
  for (const thread of ['1', '2']) member.ask(thread);
  member.router.replica.counted('b', [counts(own, 10, 5, 5), counts(remote, 20, 18, 2), counts(new FakeSession('o@localhost/unknown'), 1)]);
  member.router.replica.counted('c', [counts(own, 100, 100), { ...counts(own, 1), className: 'unknown' }]);
  member.router.replica.counted('b', [counts(own, 11, 7, 4)]);
  assert.deepEqual(totalOf(member, own), { count: 112, answered: 107, unanswered: 5 });
  assert.deepEqual(totalOf(member, remote), { count: 1, answered: 0, unanswered: 1 });
  assert.match(ask(member, 'opensrf.router.info.stats.class'), /"content":\{"o@localhost\/own":112,"o@localhost\/remote":1\}/);
  assert.match(ask(member, 'opensrf.router.info.stats.class.summary'), /"content":113/);
  assert.match(ask(member, 'opensrf.router.info.summarize'), /"count":113,.*"o@localhost\/own":\{"count":112,"unanswered":5,/);
  for (const name of ['b', 'c', 'unknown']) member.router.replica.counted(name, []);
  assert.deepEqual(totalOf(member, own), { count: 1, answered: 0, unanswered: 1 });
  assert.equal(member.router.routed, 2, 'a member’s own number');
});

test('a report about a listener that has left has no effect on a later one with its address', () => {
  const member = routerOfMember();
  const session = member.join('remote');
  member.router.replica.counted('b', [counts(session, 7, 3, 4)]);
  member.router.replica.leave('a', session.jid);
  member.apply(session);
  assert.deepEqual(totalOf(member, session), { count: 0, answered: 0, unanswered: 0 });
  member.router.replica.counted('b', []);
  assert.deepEqual(totalOf(member, session), { count: 0, answered: 0, unanswered: 0 });
});

test('least-outstanding adds the unanswered requests of other members', () => {
  const member = routerOfMember({ balance: 'least-outstanding' });
  const [one, two] = [member.register('1'), member.join('2')];
  const asked = (...names: string[]) => {
    for (const name of names) member.ask(name);
    return [threads(one), threads(two)];
  };
  member.router.replica.counted('b', [counts(one, 3, 0, 3)]);
  assert.deepEqual(asked('1', '2', '3'), [[], ['1', '2', '3']]);
  member.router.replica.counted('b', [counts(one, 3, 0, 3), counts(two, 2, 0, 2)]);
  assert.deepEqual(asked('4', '5'), [['4', '5'], []]);
  member.router.drain('a', one.jid, true);
  member.router.replica.counted('b', []);
  member.router.drain('a', one.jid, false);
  assert.deepEqual(asked('6'), [['6'], []]);
});

test('least-outstanding keeps the order among equals when a report changes nothing', () => {
  const member = routerOfMember({ balance: 'least-outstanding' });
  const listeners = ['1', '2', '3'].map((name) => member.join(name));
  const report = () =>
    member.router.replica.counted(
      'b',
      listeners.map((listener) => counts(listener, 9, 8, 1)),
    );
  report();
  for (const thread of ['a', 'b', 'c', 'd']) {
    member.ask(thread);
    report();
  }
  assert.deepEqual(listeners.map(threads), [['a', 'd'], ['b'], ['c']]);
});

test('counts that come before the registration of their listener count when it has come', () => {
  const member = routerOfMember();
  const session = new FakeSession('o@localhost/remote');
  for (const count of [5, 6]) member.router.replica.counted('b', [counts(session, count)]);
  member.router.replica.counted('c', [counts(session, 100)]);
  for (let times = 0; times < 2; times++) member.apply(session);
  assert.equal(totalOf(member, session)['count'], 106);
  member.router.replica.counted('b', [counts(session, 7)]);
  assert.equal(totalOf(member, session)['count'], 107);
  for (const name of ['b', 'c']) member.router.replica.counted(name, []);
  assert.equal(totalOf(member, session)['count'], 0);
});
