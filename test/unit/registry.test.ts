import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '../../router/pools/registry.ts';
import { ServiceClass } from '../../router/pools/service-class.ts';
import { type NodeRequest, ServiceNode } from '../../router/pools/service-node.ts';
import { FakeEnvironment } from '../support/fakes.ts';

const MANY = 1_000;

function setUp() {
  const environment = new FakeEnvironment();
  const receiver = { sentToClass: () => {} };
  const registry = new Registry(
    environment,
    (name) => new ServiceClass({ name, jid: `router@localhost/${name}`, since: 0, balance: 'round-robin', localFirst: false, receiver }),
  );
  registry.publish();
  const session = environment.login('o@localhost/listener');
  const { jid } = session;
  /** Registers the session for a class, once more if need be. */
  const register = (name: string) => {
    const node = new ServiceNode({ session: session.origin.session, jid, form: 'child', since: 0, account: session.account }, session);
    const service = registry.add(name, node, false) as ServiceClass;
    return { node, leave: () => registry.remove(service, node) };
  };
  const end = () => registry.sessionEnded(session.origin.session)?.all() ?? [];
  return { registry, register, end };
}

function request(): NodeRequest {
  return { olderOfNode: null, newerOfNode: null };
}

test('the session of a listener ends in all of its classes, however many', () => {
  const { registry, register, end } = setUp();
  for (let index = 0; index < MANY; index++) register(`c${index}`);
  assert.equal(registry.size, MANY);
  assert.equal(end().length, MANY);
  assert.deepEqual([registry.size, registry.classes.size], [0, 0]);
});

test('a listener that leaves a class with unanswered requests is remembered until its session ends', () => {
  const { register, end } = setUp();
  for (let index = 0; index < MANY; index++) {
    const { node, leave } = register('c');
    node.addRequest(request());
    leave();
  }
  assert.equal(end().length, MANY);
});

test('a listener that registers and leaves without end is not remembered for each time', () => {
  for (const answeredLater of [true, false]) {
    const { register, end } = setUp();
    for (let index = 0; index < MANY; index++) {
      const { node, leave } = register('c');
      const open = request();
      if (answeredLater) node.addRequest(open);
      leave();
      if (answeredLater) node.removeRequest(open);
    }
    assert.ok(end().length < MANY / 10);
  }
});
