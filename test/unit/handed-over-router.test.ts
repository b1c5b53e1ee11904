import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BALANCES } from '../../router/balance/balances.ts';
import { Ledger } from '../../router/ledger/ledger.ts';
import { Router } from '../../router/router.ts';
import { commandXml, completeBody, FakeEnvironment, type FakeSession, messageXml, ROUTER_OPTIONS, requestBody, resultBody } from '../support/fakes.ts';

for (const balance of BALANCES) {
  test(`a router that goes on with another one's state has the same state, and chooses the same listeners (${balance})`, () => {
    const environment = new FakeEnvironment();
    const create = () => {
      const ledger = new Ledger({ requests: 1_000, bytes: 1_000_000 }, environment);
      return { ledger, router: new Router({ ...ROUTER_OPTIONS, balance, holdMs: 1_000 }, environment, ledger) };
    };
    const before = create();
    before.router.resume();
    const sessions = new Map<number, FakeSession>();
    const login = (resource: string) => {
      const session = environment.login(`o@localhost/${resource}`);
      sessions.set(session.origin.session, session);
      return session;
    };
    const [client, worker] = [login('c'), login('w')];
    const listeners = ['l1', 'l2', 'l3', 'l4'].map(login);
    for (const listener of listeners) for (const name of ['a', 'b']) environment.send(listener, commandXml('register', name));
    const ask = (service: string, thread: string) => environment.send(client, messageXml(`router@localhost/${service}`, thread, requestBody(1)));
    for (const thread of ['1', '2', '3', '4', '5']) ask('a', thread);
    environment.send(listeners[1] as FakeSession, messageXml(client.jid, '2', completeBody(1)));
    environment.send(worker, messageXml(client.jid, '1', resultBody(1, '1')));
    environment.send(listeners[0] as FakeSession, commandXml('unregister', 'a'));
    before.router.drain('b', listeners[2]?.jid ?? '', true);
    environment.clock.advance(300);
    ask('absent', '6');
    environment.clock.advance(200);
    const saved = JSON.parse(JSON.stringify({ router: before.router.save(), numbering: before.ledger.numbering }));
    before.router.suspend();
    const after = create();
    after.router.resume();
    after.ledger.restoreNumbering(saved.numbering, 0);
    after.router.restore(saved.router, { originOf: (number) => sessions.get(number)?.origin ?? null, session: (number) => sessions.get(number) ?? null });
    assert.deepEqual(JSON.parse(JSON.stringify(after.router.save())), saved.router);
    assert.deepEqual([after.ledger.size, after.ledger.numbering, after.router.heldRequests], [before.ledger.size, before.ledger.numbering, 1]);
    for (const session of sessions.values()) session.take();
    const chosen = (router: Router) => {
      if (router === before.router) {
        after.router.suspend();
        before.router.resume();
      }
      return Array.from({ length: 6 }, (_, index) => {
        ask(index % 2 === 0 ? 'a' : 'b', `next${index}`);
        return listeners.findIndex((listener) => listener.take().length > 0);
      });
    };
    assert.deepEqual(chosen(after.router), chosen(before.router));
  });
}

test('the workers of a lost listener have the rest of its grace period after a hand-over', () => {
  const environment = new FakeEnvironment();
  const create = () => {
    const router = new Router({ ...ROUTER_OPTIONS, lossGraceMs: 1_000 }, environment, new Ledger({ requests: 1_000, bytes: 1_000_000 }, environment));
    router.resume();
    return router;
  };
  const before = create();
  const client = environment.login('o@localhost/c');
  const listeners = ['l1', 'l2'].map((resource) => environment.login(`o@localhost/${resource}`));
  for (const listener of listeners) environment.send(listener, commandXml('register', 'a'));
  for (const thread of ['1', '2']) environment.send(client, messageXml('router@localhost/a', thread, requestBody(1)));
  for (const { origin, jid } of listeners) {
    before.sessionEnded(origin.session, jid);
    before.allReturned(origin.session);
    environment.clock.advance(300);
  }
  const saved = JSON.parse(JSON.stringify(before.save()));
  before.suspend();
  client.take();
  // The time of the hand-over itself does not count.
  environment.clock.advance(10_000);
  client.take();
  const after = create();
  after.restore(saved, {
    originOf: (number) => (number === client.origin.session ? client.origin : null),
    session: (number) => (number === client.origin.session ? client : null),
  });
  const refused = (ms: number) => {
    environment.clock.advance(ms);
    return client.take().map(({ thread }) => thread);
  };
  assert.deepEqual([refused(399), refused(2), refused(298), refused(2)], [[], ['1'], [], ['2']]);
});
