import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../../router/ledger/ledger.ts';
import type { RouterOptions } from '../../router/ports/options.ts';
import { Router } from '../../router/router.ts';
import { commandXml, completeBody, FakeEnvironment, type FakeSession, messageXml, ROUTER_OPTIONS, requestBody } from '../support/fakes.ts';

const CLASS = 'opensrf.math';
const SECOND = 1_000;

function setUp(options: Partial<RouterOptions> = {}) {
  const environment = new FakeEnvironment();
  const ledger = new Ledger({ requests: 1_000, bytes: 1_000_000 }, environment);
  const router = new Router({ ...ROUTER_OPTIONS, ...options }, environment, ledger);
  router.resume();
  const { clock, evidence, log } = environment;
  const client = environment.login('o@localhost/client');
  let thread = 0;
  const register = (listener: FakeSession) => environment.send(listener, commandXml('register', CLASS));
  const listen = (resource: string): FakeSession => {
    const listener = environment.login(`o@localhost/${resource}`);
    register(listener);
    return listener;
  };
  const ask = (count = 1) => {
    for (let number = 0; number < count; number++) environment.send(client, messageXml(`router@localhost/${CLASS}`, `t${++thread}`, requestBody(1)));
  };
  /** The listener's workers answer the requests that it was handed. */
  const answer = (listener: FakeSession) => {
    for (const request of listener.take()) environment.send(listener, messageXml(client.jid, request.thread, completeBody(1)));
  };
  const nodeOf = ({ jid }: FakeSession) => router.classes.get(CLASS)?.nodes.get(jid);
  const reasonOf = (listener: FakeSession) => nodeOf(listener)?.suspicion?.reason ?? '';
  const suspicions = () => log.messages.filter((message) => message.includes('is suspected to be dead')).length;
  return { environment, router, clock, evidence, log, client, listen, register, ask, answer, nodeOf, reasonOf, suspicions };
}

/** Two listeners that have answered one request each. */
function twoAtWork(options: Partial<RouterOptions> = {}) {
  const setting = setUp(options);
  const [dead, alive] = [setting.listen('dead'), setting.listen('alive')];
  setting.ask(2);
  setting.answer(dead);
  setting.answer(alive);
  setting.client.take();
  return { ...setting, dead, alive };
}

test('a listener that answers none of several requests, while it did before, is passed over after some seconds, and logged once', () => {
  const { dead, alive, ask, answer, clock, reasonOf, suspicions } = twoAtWork();
  ask(4);
  answer(alive);
  assert.equal(dead.take().length, 2);
  clock.advance(2 * SECOND);
  assert.equal(reasonOf(dead), '', 'everybody is quiet for two seconds at times');
  clock.advance(3 * SECOND);
  assert.equal(reasonOf(dead), 'silent');
  ask(4);
  assert.deepEqual([dead.take().length, alive.received.length], [0, 4]);
  answer(alive);
  clock.advance(20 * SECOND);
  assert.equal(suspicions(), 1);
});

test('one slow request causes no suspicion, nor do several before any listener of the service has answered', () => {
  const slow = twoAtWork();
  slow.ask(2);
  slow.answer(slow.alive);
  slow.clock.advance(60 * SECOND);
  assert.equal(slow.reasonOf(slow.dead), '');
  const fresh = setUp();
  const listener = fresh.listen('fresh');
  fresh.ask(5);
  fresh.clock.advance(60 * SECOND);
  assert.equal(fresh.reasonOf(listener), '');
});

test('the router is more patient with services whose answers usually take long', () => {
  const { dead, alive, ask, answer, clock, reasonOf } = twoAtWork();
  ask(2);
  answer(alive);
  clock.advance(10 * SECOND);
  answer(dead);
  clock.advance(SECOND);
  ask(4);
  answer(alive);
  clock.advance(20 * SECOND);
  assert.equal(reasonOf(dead), '');
  clock.advance(10 * SECOND);
  assert.equal(reasonOf(dead), 'silent');
});

test('a suspect that answers is trusted again', () => {
  const { dead, alive, ask, answer, clock, reasonOf, log } = twoAtWork();
  ask(4);
  answer(alive);
  clock.advance(6 * SECOND);
  assert.equal(reasonOf(dead), 'silent');
  answer(dead);
  clock.advance(SECOND);
  assert.equal(reasonOf(dead), '');
  assert.ok(log.messages.includes('a listener is no longer suspected to be dead'));
  ask(2);
  assert.equal(dead.take().length, 1);
});

test('a suspect that registers again is trusted again, and the only listener of a service gets requests even as a suspect', () => {
  const { dead, alive, ask, answer, clock, reasonOf, register, environment } = twoAtWork();
  ask(4);
  answer(alive);
  clock.advance(6 * SECOND);
  environment.send(alive, commandXml('unregister', CLASS));
  dead.take();
  ask();
  assert.equal(dead.take().length, 1);
  assert.equal(reasonOf(dead), 'silent');
  register(dead);
  assert.equal(reasonOf(dead), '');
});

test('a listener that leaves bytes unread in its kernel is passed over after stalledAfterMs, and trusted when it reads them; others are not checked', () => {
  const { dead, alive, ask, answer, clock, evidence, reasonOf } = twoAtWork();
  clock.advance(5 * SECOND);
  assert.equal(evidence.reads, 0, 'nothing waits, so nothing is looked at');
  evidence.unread.set(dead, 700).set(alive, 0);
  ask(2);
  answer(alive);
  clock.advance(3 * SECOND);
  assert.equal(reasonOf(dead), 'unread');
  assert.equal(reasonOf(alive), '');
  ask(2);
  assert.deepEqual([dead.take().length, alive.take().length], [1, 2], 'one from before');
  evidence.unread.set(dead, 0);
  clock.advance(2 * SECOND);
  assert.equal(reasonOf(dead), '');
});

test('a busy listener that reads a little now and then is not passed over', () => {
  const { dead, ask, clock, evidence, reasonOf } = twoAtWork();
  let unread = 90_000;
  ask();
  for (let second = 0; second < 10; second++) {
    unread -= 100;
    evidence.unread.set(dead, unread);
    clock.advance(SECOND);
    assert.notEqual(reasonOf(dead), 'unread');
  }
});

const OLD = 'math_listener_host_4143';
const NEW = 'math_listener_host_4200';

test('a listener whose program has registered anew while its process has ended is passed over at once, and its session ends', () => {
  const { listen, evidence, ask, clock, reasonOf, environment } = setUp();
  const old = listen(OLD);
  ask();
  assert.equal(old.take().length, 1);
  evidence.ended.add(4143);
  const successor = listen(NEW);
  assert.equal(reasonOf(old), 'gone');
  ask(2);
  assert.deepEqual([old.take().length, successor.take().length], [0, 2]);
  clock.advance(6 * SECOND);
  assert.equal(old.ended, true);
  assert.ok(environment.log.messages.includes('the process of a listener is gone and another holds its socket: its session ends'));
});

test('the session of a process that is gone is not ended while its workers still send anything', () => {
  const { environment, listen, evidence, ask, clock } = setUp();
  const old = listen(OLD);
  ask();
  evidence.ended.add(4143);
  const since = clock.wallTime() - 60 * SECOND;
  listen(NEW);
  for (let sent = 1; sent < 60; sent++) {
    evidence.workersOf.set(old, [{ since, sent }]);
    clock.advance(SECOND);
  }
  assert.equal(old.ended, false);
  clock.advance(6 * SECOND);
  assert.equal(old.ended, true);
  assert.equal(environment.clock.timers <= 1, true, 'it looks no more often than once a second');
});

test('two processes of a program that both run are two listeners', () => {
  const { listen, ask, clock, reasonOf, answer } = setUp();
  const [one, two] = [listen(OLD), listen(NEW)];
  ask(2);
  answer(one);
  answer(two);
  clock.advance(60 * SECOND);
  assert.deepEqual([reasonOf(one), reasonOf(two), one.ended], ['', '', false]);
});

test('the requests of a suspect are not lost without --stuck-listener', () => {
  const { dead, alive, ask, answer, clock, client, nodeOf } = twoAtWork();
  ask(4);
  answer(alive);
  client.take();
  clock.advance(3_600 * SECOND);
  assert.deepEqual([client.take().length, nodeOf(dead)?.unanswered, dead.ended], [0, 2, false]);
});

test('with --stuck-listener the requests of a listener without a sign of life are refused after that time, and it stays registered', () => {
  const { dead, alive, ask, answer, clock, client, nodeOf, reasonOf, log } = twoAtWork({ stuckListenerMs: 30 * SECOND });
  ask(4);
  answer(alive);
  client.take();
  clock.advance(29 * SECOND);
  assert.equal(client.take().length, 0);
  clock.advance(3 * SECOND);
  assert.equal(client.take().filter(({ inner }) => inner.includes('503')).length, 2);
  assert.deepEqual([nodeOf(dead)?.unanswered, reasonOf(dead), dead.ended], [0, 'silent', false]);
  assert.ok(log.messages.includes('a listener is stuck: the requests it was handed count as lost'));
});

test('with --stuck-listener and reroute, another listener gets them', () => {
  const { dead, alive, ask, answer, clock, client } = twoAtWork({ stuckListenerMs: 30 * SECOND, onListenerLoss: 'reroute' });
  ask(4);
  answer(alive);
  client.take();
  clock.advance(33 * SECOND);
  assert.deepEqual([dead.take().length, alive.take().length, client.take().length], [2, 2, 0]);
});

test('a listener whose workers send is never stuck: a report may take ten minutes', () => {
  const { dead, alive, ask, answer, clock, client, evidence } = twoAtWork({ stuckListenerMs: 30 * SECOND });
  ask(4);
  answer(alive);
  client.take();
  for (let sent = 1; sent <= 600; sent++) {
    evidence.workersOf.set(dead, [{ since: 0, sent }]);
    clock.advance(SECOND);
  }
  assert.equal(client.take().length, 0);
  clock.advance(33 * SECOND);
  assert.equal(client.take().length, 2);
});

test('with "ignore" no request is given up, even with --stuck-listener', () => {
  const { alive, ask, answer, clock, client, nodeOf, dead } = twoAtWork({ stuckListenerMs: 30 * SECOND, onListenerLoss: 'ignore' });
  ask(4);
  answer(alive);
  client.take();
  clock.advance(600 * SECOND);
  assert.deepEqual([client.take().length, nodeOf(dead)?.unanswered], [0, 2]);
});

test('only requests count: a DISCONNECT, which has no answer, causes no suspicion', () => {
  const { environment, client, clock, dead, reasonOf } = twoAtWork();
  for (let number = 0; number < 6; number++) {
    const body = '[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","type":"DISCONNECT"}}]';
    environment.send(client, messageXml(`router@localhost/${CLASS}`, `d${number}`, body));
  }
  clock.advance(60 * SECOND);
  assert.equal(reasonOf(dead), '');
});
