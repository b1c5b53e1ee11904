import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeBody, type FakeSession, messageXml } from '../support/fakes.ts';
import { routerOfMember, threads } from '../support/router-of-member.ts';

const SECOND = 1_000;

function setUp() {
  const member = routerOfMember();
  const { environment, router, client } = member;
  let asked = 0;
  const ask = (count: number) => {
    for (let number = 0; number < count; number++) member.ask(`t${++asked}`);
  };
  const answer = (...listeners: FakeSession[]) => {
    for (const listener of listeners) for (const { thread } of listener.take()) environment.send(listener, messageXml(client.jid, thread, completeBody(1)));
  };
  const reasonOf = ({ jid }: FakeSession) => router.classes.get('a')?.nodes.get(jid)?.suspicion?.reason ?? '';
  const counted = ({ jid }: FakeSession, answered: number, unanswered: number) =>
    router.replica.counted('b', [{ className: 'a', jid, count: answered + unanswered, answered, unanswered }]);
  return { ...member, ask, answer, reasonOf, counted };
}

type Setting = ReturnType<typeof setUp>;

/** A remote listener and one here, which have answered. */
function twoAtWork(): Setting & { remote: FakeSession; own: FakeSession } {
  const setting = setUp();
  const [remote, own] = [setting.join('remote_1'), setting.register('own')];
  setting.ask(2);
  setting.answer(remote, own);
  setting.announced.take();
  return { ...setting, remote, own };
}

test('a member announces its suspicion of an own listener, and its end', () => {
  const { ask, answer, clock, own, remote, announced, reasonOf } = twoAtWork();
  ask(4);
  answer(remote);
  clock.advance(6 * SECOND);
  assert.deepEqual([reasonOf(own), announced.take()], ['silent', [`suspected as silent a ${own.jid}`]]);
  answer(own);
  clock.advance(SECOND);
  assert.deepEqual([reasonOf(own), announced.take()], ['', [`cleared a ${own.jid}`]]);
});

test('a member suspects a listener of another one by its own ledger, for itself', () => {
  const { ask, answer, clock, own, remote, announced, reasonOf } = twoAtWork();
  ask(4);
  answer(own);
  clock.advance(6 * SECOND);
  assert.equal(reasonOf(remote), 'silent');
  answer(remote);
  clock.advance(SECOND);
  assert.deepEqual([reasonOf(remote), announced.take()], ['', []]);
});

test('answers to clients of other members are signs of life, and not a usual silence', () => {
  const { ask, answer, clock, own, remote, reasonOf, counted } = twoAtWork();
  ask(4);
  answer(own);
  for (let answered = 1; answered <= 10; answered++) {
    counted(remote, answered, 1);
    clock.advance(2 * SECOND);
    assert.equal(reasonOf(remote), '');
  }
  counted(remote, 0, 0);
  clock.advance(6 * SECOND);
  assert.equal(reasonOf(remote), 'silent', 'its member has been restarted, and it answers no client');
  counted(remote, 1, 0);
  clock.advance(2 * SECOND);
  assert.equal(reasonOf(remote), '');
  const fresh = setUp();
  const listener = fresh.join('fresh');
  fresh.ask(5);
  fresh.counted(listener, 1, 0);
  fresh.clock.advance(60 * SECOND);
  assert.equal(fresh.reasonOf(listener), '', 'it may be slow for clients of this member');
});

test('no process of this machine is evidence about a listener of another member', () => {
  const { environment, join, register, clock, reasonOf } = setUp();
  environment.evidence.ended.add(1);
  const [before, after, own] = [join('listener_1'), join('listener_2'), register('listener_3')];
  clock.advance(10 * SECOND);
  assert.deepEqual([before, after, own].map(reasonOf), ['', '', '']);
  const here = setUp();
  here.environment.evidence.ended.add(1);
  const gone = here.register('listener_1');
  here.register('listener_2');
  assert.equal(here.reasonOf(gone), 'gone', 'as the own member sees it');
  assert.deepEqual(here.announced.take().slice(-2), [`suspected as gone a ${gone.jid}`, 'joined a o@localhost/listener_2 child']);
});

test('a listener whose own member suspects it gets no requests until that member clears it, or it answers', () => {
  const { router, environment, ask, answer, clock, own, remote, announced, reasonOf } = twoAtWork();
  ask(2);
  answer(own);
  for (let times = 0; times < 2; times++) router.replica.suspect('a', remote.jid, 'unread');
  environment.evidence.workersOf.set(remote, [{ since: 0, sent: 1 }]);
  clock.advance(2 * SECOND);
  environment.evidence.workersOf.set(remote, [{ since: 0, sent: 2 }]);
  clock.advance(120 * SECOND);
  assert.equal(reasonOf(remote), 'unread', 'only its own member sees whether it reads');
  remote.take();
  ask(2);
  assert.deepEqual([threads(own).length, threads(remote).length], [2, 0]);
  router.replica.suspect('a', remote.jid, '');
  assert.equal(reasonOf(remote), '');
  router.replica.suspect('a', remote.jid, 'unread');
  router.drain('a', own.jid, true);
  announced.take();
  ask(1);
  answer(remote);
  clock.advance(SECOND);
  assert.deepEqual([reasonOf(remote), announced.take()], ['', []]);
});

test('a judgement about an own or unknown listener has no effect, and an unknown reason counts as silent', () => {
  const { router, own, remote, reasonOf } = twoAtWork();
  router.replica.suspect('a', own.jid, 'unread');
  router.replica.suspect('a', 'o@localhost/unknown', 'unread');
  router.replica.suspect('unknown', remote.jid, 'unread');
  router.replica.suspect('a', remote.jid, 'a reason of the future');
  assert.deepEqual([reasonOf(own), reasonOf(remote)], ['', 'silent']);
});

test('an own listener that leaves the requests of other members unread is a suspect', () => {
  const { environment, clock, own, remote, announced, reasonOf, counted } = twoAtWork();
  const { evidence } = environment;
  for (const listener of [own, remote]) evidence.unread.set(listener, 100);
  clock.advance(10 * SECOND);
  assert.equal(clock.timers, 0, 'nothing is open');
  counted(own, 1, 1);
  counted(own, 1, 1);
  clock.advance(4 * SECOND);
  assert.deepEqual([reasonOf(own), reasonOf(remote), announced.take()], ['unread', '', [`suspected as unread a ${own.jid}`]]);
  evidence.unread.set(own, 0);
  clock.advance(SECOND);
  assert.deepEqual([reasonOf(own), announced.take()], ['', [`cleared a ${own.jid}`]]);
  evidence.unread.set(own, 100);
  counted(own, 2, 0);
  clock.advance(60 * SECOND);
  const { reads } = evidence;
  clock.advance(60 * SECOND);
  assert.deepEqual([reasonOf(own), evidence.reads, clock.timers], ['', reads, 0], 'without open requests it is not watched');
});

test('a listener whose process has ended at its own member stays a suspect although its workers send their last words', () => {
  const { router, environment, ask, answer, clock, own, remote, reasonOf } = twoAtWork();
  const { workersOf } = environment.evidence;
  ask(2);
  answer(own);
  router.replica.suspect('a', remote.jid, 'gone');
  answer(remote);
  for (let sent = 1; sent < 6; sent++) {
    workersOf.set(remote, [{ since: 0, sent }]);
    clock.advance(SECOND);
  }
  assert.equal(reasonOf(remote), 'gone');
  router.replica.suspect('a', remote.jid, '');
  clock.advance(SECOND);
  assert.deepEqual([reasonOf(remote), clock.timers], ['', 0]);
});
