import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConfigError, VerificationError } from '../server/index.ts';
import { useChopChop } from '../server/runners/node-test.ts';
import { forHooks } from '../server/runners/runners.ts';

const add = (a: number, b: number) => a + b;

type Hook = () => Promise<void>;

/** A runner whose hooks the test calls. */
function fakeRunner() {
  const hooks: Record<'beforeAll' | 'beforeEach' | 'afterAll', Hook> = { beforeAll: async () => {}, beforeEach: async () => {}, afterAll: async () => {} };
  const use = forHooks({
    beforeAll: (hook) => (hooks.beforeAll = hook),
    beforeEach: (hook) => (hooks.beforeEach = hook),
    afterAll: (hook) => (hooks.afterAll = hook),
  });
  return { hooks, use };
}

describe('useChopChop() in node:test', () => {
  const jabber = useChopChop({ domains: ['private.localhost'] });
  const ports: number[] = [];
  let inHook = 0;
  beforeEach(() => {
    inHook = jabber.port;
  });
  after(() => assert.equal(new Set(ports).size, 1));

  test('the fixture runs for hooks and tests, with its options', async () => {
    ports.push(jabber.port, inHook);
    assert.equal(jabber.domain, 'private.localhost');
    await jabber.service('opensrf.math', { add });
    assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
    assert.equal(jabber.received().length, 1);
  });

  test('stubs and requests of another test are gone', async () => {
    ports.push(jabber.port);
    assert.deepEqual([jabber.services(), jabber.received()], [[], []]);
    assert.throws(() => jabber.verify({ method: 'add' }), VerificationError);
  });

  describe('within a describe', () => {
    test('it is the same fixture', () => void ports.push(jabber.port));
  });
});

describe('useChopChop() with the scopes to reset', () => {
  const jabber = useChopChop({ reset: ['log'] });
  before(() => jabber.service('opensrf.math', { add }));

  for (const name of ['first', 'second']) {
    test(`stubs of a before hook serve all tests: the ${name}`, async () => {
      assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
      jabber.verify({ method: 'add' }, 1);
    });
  }
});

test('hooks of a test that has ended still see its requests', async () => {
  const { hooks, use } = fakeRunner();
  const jabber = use();
  await hooks.beforeAll();
  await hooks.beforeEach();
  await jabber.service('opensrf.math', { add });
  await jabber.request('opensrf.math', 'add', 2, 2);
  jabber.verify({ method: 'add' }, 1);
  await hooks.beforeEach();
  jabber.verify({ method: 'add' }, 0);
  await hooks.afterAll();
  await assert.rejects(jabber.ready(), /the fixture was stopped/);
});

test('an empty list of scopes resets nothing', async () => {
  const { hooks, use } = fakeRunner();
  const jabber = use({ reset: [] });
  await hooks.beforeAll();
  await jabber.service('opensrf.math', { add });
  await hooks.beforeEach();
  assert.deepEqual(jabber.services(), ['opensrf.math']);
  await hooks.afterAll();
});

test('before the tests run, the fixture says so; an await and a printout of it harm nothing', async () => {
  const { hooks, use } = fakeRunner();
  const jabber = use();
  assert.throws(() => jabber.port, /the fixture of useChopChop\(\) runs only during tests/);
  assert.equal(await jabber, jabber);
  assert.equal(typeof String(Object.prototype.toString.call(jabber)), 'string');
  await hooks.afterAll();
});

test('invalid options are refused: the helper’s own at the call, others at the start', async () => {
  const { hooks, use } = fakeRunner();
  assert.throws(() => use({ reset: ['stub' as 'stubs'] }), { name: 'TypeError', message: 'reset: "stub" is unknown; did you mean "stubs"?' });
  assert.throws(() => use({ reset: 'stubs' as unknown as [] }), { name: 'TypeError', message: 'useChopChop: "reset" must be a list of strings' });
  use({ dommains: [] } as object);
  await assert.rejects(hooks.beforeAll(), ConfigError);
});
