import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Router } from '../../router/router.ts';
import { StanzaError } from '../../shared/errors.ts';
import { bounce } from '../../shared/osrf/bounce.ts';
import { bodyText } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { commandXml, FakeSession, ROUTER_OPTIONS } from '../support/fakes.ts';
import { routerOfMember, threads } from '../support/router-of-member.ts';

const listeners = ({ replica }: Router): string[] =>
  [...replica.listeners()].map(([name, { jid, draining }]) => `${name} ${jid}${draining ? ' draining' : ''}`);

test('a router announces each change that a stanza or a command has made, and no other', () => {
  const { environment, announced, router, register, end } = routerOfMember();
  const [one, two] = [register('1'), register('2')];
  environment.send(one, commandXml('register', 'b').replace('<opensrf', '<x/><opensrf'));
  environment.send(one, commandXml('register', 'router'));
  assert.deepEqual(announced.take(), ['joined a o@localhost/1 child', 'joined a o@localhost/2 child', 'joined b o@localhost/1 child']);
  router.drain('a', two.jid, true);
  router.drain('a', '', true);
  router.drain('a', '', true);
  router.drain('absent', '', true);
  environment.send(two, commandXml('register', 'a'));
  router.drain('a', '', false);
  assert.deepEqual(announced.take(), ['drained a o@localhost/2', 'drained a o@localhost/1', 'joined a o@localhost/2 child', 'resumed a o@localhost/1']);
  environment.send(two, commandXml('unregister', 'a'));
  environment.send(two, commandXml('unregister', 'a'));
  end(one);
  assert.deepEqual(announced.take(), ['left a o@localhost/2'], 'the end of a session is announced as such');
});

test('a registration in the old form is announced as one', () => {
  const { environment, announced } = routerOfMember();
  environment.send(environment.login('o@localhost/old'), "<message to='router@localhost/router' router_command='register' router_class='a'><body/></message>");
  assert.deepEqual(announced.take(), ['joined a o@localhost/old attributes']);
});

test('what a router applies has the effects of its own registrations, once, and is not announced', () => {
  const { environment, announced, router, ask, register, apply, join, client } = routerOfMember();
  const own = register('own');
  announced.take();
  environment.listenerChanges.splice(0);
  const remote = join('remote');
  apply(remote);
  assert.deepEqual(environment.listenerChanges.splice(0), ['a: o@localhost/own o@localhost/remote']);
  for (const thread of ['1', '2', '3', '4']) ask(thread);
  assert.deepEqual(
    [threads(own), threads(remote)],
    [
      ['1', '3'],
      ['2', '4'],
    ],
  );
  router.replica.drain('a', remote.jid, true);
  router.replica.drain('a', remote.jid, true);
  ask('5');
  ask('6');
  assert.deepEqual([threads(own), threads(remote)], [['5', '6'], []]);
  apply(remote);
  ask('7');
  ask('8');
  assert.deepEqual([threads(own), threads(remote)], [['8'], ['7']], 'registering again ends draining');
  for (let times = 0; times < 2; times++) router.replica.leave('a', remote.jid);
  router.replica.leave('absent', remote.jid);
  router.replica.drain('absent', remote.jid, true);
  assert.deepEqual(environment.listenerChanges, ['a: o@localhost/own']);
  ask('9');
  assert.deepEqual([threads(own), threads(remote), client.take(), announced.take()], [['9'], [], [], []]);
});

test('a registration at another member releases held requests in order, unless it is draining', () => {
  const { router, ask, join, clock, client } = routerOfMember({ holdMs: 1_000 });
  for (const thread of ['1', '2', '3']) ask(thread);
  assert.equal(router.heldRequests, 3);
  const drained = join('drained', 'a', true);
  assert.equal(router.heldRequests, 3);
  const remote = join('remote');
  ask('4');
  assert.deepEqual([threads(drained), threads(remote), router.heldRequests], [[], ['1', '2', '3', '4'], 0]);
  clock.advance(10_000);
  assert.deepEqual(client.take(), []);
});

test('a suspended router applies registrations, and has them when it resumes', () => {
  const { environment, router, ask, join } = routerOfMember();
  router.suspend();
  const [remote, gone] = [join('remote'), join('gone')];
  router.replica.leave('a', gone.jid);
  assert.equal(environment.directory.has('router@localhost/a'), false);
  router.resume();
  ask('1');
  assert.deepEqual(threads(remote), ['1']);
});

test('the limits of registrations are for own listeners', () => {
  const { announced, router, register, join, client, environment } = routerOfMember({
    limits: { ...ROUTER_OPTIONS.limits, registrations: 1, sessionRegistrations: 0 },
  });
  join('1');
  join('2');
  assert.equal(router.classes.get('a')?.nodes.size, 2);
  assert.match(register('own').take()[0]?.inner ?? '', /<resource-constraint /);
  environment.send(client, commandXml('query', '', 'classes'));
  assert.deepEqual([bodyText(client.take()[0] as Stanza), announced.take()], ['a', []]);
});

test('a class of another member whose address a session holds here gets it when that session ends', () => {
  const { environment, router, ask, join, end, announced } = routerOfMember();
  const holder = environment.login('router@localhost/a');
  const remote = join('remote');
  ask('1');
  assert.deepEqual([threads(holder), threads(remote)], [['1'], []]);
  end(holder);
  ask('2');
  assert.deepEqual([threads(remote), router.classes.size, announced.take()], [['2'], 1, []]);
});

test('a class with an invalid name is not applied, and the log has the reason', () => {
  const { environment, router, apply } = routerOfMember();
  const session = new FakeSession('o@localhost/remote');
  for (const name of ['', 'router', 'a\nb']) assert.equal(apply(session, name), false);
  assert.equal(router.classes.size, 0);
  assert.equal(environment.log.messages.filter((message) => message === 'refused a listener of another member').length, 3);
});

test('a new session with the address of a listener replaces its registration', () => {
  const { router, ask, apply, join, end } = routerOfMember();
  const before = join('remote');
  const after = new FakeSession(before.jid);
  apply(after);
  end(before);
  ask('1');
  assert.deepEqual([threads(before), threads(after), listeners(router)], [[], ['1'], ['a o@localhost/remote']]);
});

test('a member that joins gets all listeners, drained ones as such', () => {
  const { router, register, join } = routerOfMember();
  register('1');
  join('2', 'b', true);
  register('3', 'b');
  router.drain('b', 'o@localhost/3', true);
  const lines = ['a o@localhost/1', 'b o@localhost/2 draining', 'b o@localhost/3 draining'];
  assert.deepEqual(listeners(router), lines);
  const other = routerOfMember();
  for (const [name, listener] of router.replica.listeners()) other.router.replica.join(name, listener, new FakeSession(listener.jid));
  assert.deepEqual(listeners(other.router), lines);
});

test('when a remote session ends, its unwritten requests go to other listeners at once, and its written ones after the grace for its workers', () => {
  const { announced, ledger, router, ask, join, register, end, clock, client } = routerOfMember({ onListenerLoss: 'error' });
  const remote = join('remote');
  for (const thread of ['1', '2', '3']) ask(thread);
  const [, two, three] = remote.take() as [Stanza, Stanza, Stanza];
  const other = register('other');
  announced.take();
  end(remote);
  clock.advance(10 * ROUTER_OPTIONS.lossGraceMs);
  for (const number of [three.returnPath, three.returnPath, 0, -1, 123_456]) ledger.returned(number);
  ledger.returned(two.returnPath);
  assert.deepEqual([threads(other), threads(client)], [['3', '2'], []]);
  router.allReturned(remote.origin.session);
  clock.advance(ROUTER_OPTIONS.lossGraceMs);
  assert.deepEqual([threads(other), threads(client), ledger.size, announced.take()], [[], ['1'], 2, []]);
});

test('a returned request without another listener waits for one, or is answered', () => {
  for (const holdMs of [0, 1_000]) {
    const { ledger, ask, join, end, client } = routerOfMember({ holdMs });
    const remote = join('remote');
    ask('1');
    const [{ returnPath }] = remote.take() as [Stanza];
    end(remote);
    ledger.returned(returnPath);
    assert.deepEqual(threads(client), holdMs === 0 ? ['1'] : []);
    assert.deepEqual([threads(join('later')), ledger.size], holdMs === 0 ? [[], 0] : [['1'], 1]);
  }
});

test('a request that its listener bounces at another member goes to another listener', () => {
  const [here, there] = [routerOfMember(), routerOfMember()];
  const remote = here.join('l');
  const listener = there.register('l');
  here.ask('1');
  const [request] = remote.take() as [Stanza];
  const other = here.join('other');
  there.announced.take();
  there.environment.deliver(bounce(request, new StanzaError('service-unavailable')) as Stanza);
  assert.deepEqual([listeners(there.router), there.announced.take()], [[], [`bounced a ${listener.jid} 1`]]);
  for (let times = 0; times < 2; times++) here.router.replica.bounced('a', listener.jid, '1');
  assert.deepEqual([threads(other), listeners(here.router), here.announced.take(), here.client.take()], [['1'], ['a o@localhost/other'], [], []]);
});

test('an observed registration with an external router is announced, for a listener of any member', () => {
  const { environment, announced, router } = routerOfMember();
  router.suspend();
  const external = environment.login(router.jid, true);
  external.observe(router.registrationObserver);
  const remote = environment.login('o@localhost/remote');
  for (const command of ['register', 'unregister']) environment.send(remote, commandXml(command, 'a'));
  assert.deepEqual(announced.take(), ['joined a o@localhost/remote child', 'left a o@localhost/remote']);
});

test('with local first, requests stay here while an own listener takes them', () => {
  const { router, ask, register, join } = routerOfMember({ localFirst: true });
  const [own, remote] = [register('own'), join('remote')];
  for (const thread of ['1', '2']) ask(thread);
  own.stalled = true;
  ask('3');
  own.stalled = false;
  ask('4');
  router.drain('a', own.jid, true);
  ask('5');
  router.drain('a', own.jid, false);
  ask('6');
  assert.deepEqual(
    [threads(own), threads(remote)],
    [
      ['1', '2', '4', '6'],
      ['3', '5'],
    ],
  );
});

test('what another member announces of an own listener is announced again, so that all members hear it in the order of the own one', () => {
  const { announced, router, register, apply, join } = routerOfMember();
  const [own, remote] = [register('own'), join('remote')];
  announced.take();
  const { replica } = router;
  for (const { jid } of [own, remote]) for (let times = 0; times < 2; times++) replica.drain('a', jid, true);
  assert.deepEqual(announced.take(), ['drained a o@localhost/own', 'drained a o@localhost/own'], 'even if it is so already: the last word counts');
  apply(own);
  for (const { jid } of [own, remote]) for (let times = 0; times < 2; times++) replica.leave('a', jid);
  apply(own);
  replica.bounced('a', own.jid, 't');
  assert.deepEqual(announced.take(), [
    'joined a o@localhost/own child',
    'left a o@localhost/own',
    'joined a o@localhost/own child',
    'bounced a o@localhost/own t',
  ]);
});
