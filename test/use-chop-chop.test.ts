import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { ConfigError, VerificationError } from '../server/index.ts';
import { useChopChop } from '../server/runners/node-test.ts';
import { forJest, forVitest } from '../server/runners/runners.ts';
import { temporaryFolder } from './support/command.ts';

const add = (a: number, b: number) => a + b;

type Hook = () => Promise<void>;

/** A runner as Vitest, whose hooks the test calls. */
function fakeRunner() {
  const none = async () => {};
  const hooks: { beforeAll: Hook; beforeEach: (name?: string, state?: string) => Promise<void>; afterAll: Hook } = {
    beforeAll: none,
    beforeEach: none,
    afterAll: none,
  };
  const use = forVitest({
    beforeAll: (hook) => (hooks.beforeAll = hook),
    beforeEach: (hook) => {
      hooks.beforeEach = (name = 'a test', state = 'pass') =>
        hook({ task: { name, file: { filepath: join(process.cwd(), 'some/math.test.ts') }, result: { state } } });
    },
    afterAll: (hook) => (hooks.afterAll = hook),
  });
  return { hooks, use };
}

/** What is printed on standard error meanwhile. */
async function printed(run: () => Promise<void>): Promise<string> {
  const { write } = process.stderr;
  let output = '';
  process.stderr.write = (text) => {
    output += text;
    return true;
  };
  try {
    await run();
  } finally {
    process.stderr.write = write;
  }
  return output;
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

test('failed tests leave a report of the file, and their names', async (t) => {
  const reports = join(temporaryFolder(t), 'reports');
  const { hooks, use } = fakeRunner();
  const jabber = use({ reports });
  await hooks.beforeAll();
  await hooks.beforeEach('a wrong sum', 'fail');
  await jabber.service('opensrf.math', { add });
  await jabber.request('opensrf.math', 'add', 2, 2);
  await hooks.beforeEach('a right one');
  await hooks.beforeEach('b', 'fail');
  await hooks.beforeEach('c', 'fail');
  await hooks.beforeEach('d', 'fail');
  const output = await printed(hooks.afterAll);
  const page = join(reports, 'some-math.test-a-wrong-sum.html');
  assert.equal(output, `opensrf-chopchop: "a wrong sum", "b", "c", 1 more failed; all requests of the file: ${page}\n`);
  assert.deepEqual(readdirSync(reports), ['some-math.test-a-wrong-sum.html', 'some-math.test-a-wrong-sum.ndjson']);
  assert.match(readFileSync(page, 'utf8'), /opensrf\.math/);
});

test('tests that pass, and an empty name of the folder, leave no report', async () => {
  for (const [reports, state] of [
    ['never-made', 'pass'],
    ['', 'fail'],
  ] as const) {
    const { hooks, use } = fakeRunner();
    use({ reports });
    await hooks.beforeAll();
    await hooks.beforeEach('a test', state);
    assert.equal(await printed(hooks.afterAll), '');
  }
  assert.ok(!readdirSync('.').includes('never-made'));
});

test('a report that cannot be written is named, and the fixture stops', async () => {
  const { hooks, use } = fakeRunner();
  const jabber = use({ reports: '/dev/null/reports' });
  await hooks.beforeAll();
  await hooks.beforeEach('a test', 'fail');
  assert.match(await printed(hooks.afterAll), /^opensrf-chopchop: no report of failed tests: .*\/dev\/null\/reports/);
  await assert.rejects(jabber.ready(), /the fixture was stopped/);
});

test('a failed test that still waits is named with what it waits for, without protected parameters', async () => {
  const { hooks, use } = fakeRunner();
  const jabber = use({ reports: '', logProtect: ['secret'] });
  await hooks.beforeAll();
  await hooks.beforeEach('too slow', 'fail');
  const never = () => new Promise(() => {});
  await jabber.service('opensrf.math', { add: never, secret: never });
  const waiting: Promise<unknown>[] = [jabber.waitForService('other')];
  for (const method of ['add', 'secret']) {
    waiting.push(jabber.request('opensrf.math', method, 2, 2));
    await jabber.waitForRequest({ method });
  }
  const all = Promise.allSettled(waiting);
  const lines = ['an answer to opensrf.math add(2, 2)', 'an answer to opensrf.math secret(**PARAMS REDACTED**)', 'the registration of other'];
  assert.equal(await printed(() => hooks.beforeEach()), `opensrf-chopchop: "too slow" has failed and still waits for\n  ${lines.join('\n  ')}\n`);
  await hooks.afterAll();
  await all;
});

test('in Jest, the errors in the state of jest-circus tell that a test has failed', async (t) => {
  const symbol = Symbol('JEST_STATE_SYMBOL');
  t.after(() => Reflect.deleteProperty(globalThis, symbol));
  const hooks: Hook[] = [];
  const declare = (hook: Hook) => hooks.push(hook);
  const expect = { getState: () => ({ currentTestName: 'suite a sum', testPath: join(process.cwd(), 'math.test.js') }) };
  forJest({ beforeAll: declare, beforeEach: declare, afterAll: declare, expect })({ reports: join(temporaryFolder(t), 'reports') });
  const [beforeAll, beforeEach, afterAll] = hooks as [Hook, Hook, Hook];
  await beforeAll();
  Reflect.set(globalThis, symbol, { currentlyRunningTest: { errors: [] } });
  await beforeEach();
  const errors: Error[] = [];
  Reflect.set(globalThis, symbol, { currentlyRunningTest: { errors } });
  await beforeEach();
  errors.push(new Error('expected 4'));
  assert.match(await printed(afterAll), /^opensrf-chopchop: "suite a sum" failed; .*\/math\.test-suite-a-sum\.html\n$/);
});

test('node:test prints the report of a failed test', (t) => {
  const folder = temporaryFolder(t);
  const helper = new URL('../server/runners/node-test.js', import.meta.url);
  const text = `import { test } from 'node:test';
    import { useChopChop } from ${JSON.stringify(helper)};
    useChopChop();
    test('fails', () => { throw new Error('no'); });`;
  writeFileSync(join(folder, 'math.test.mjs'), text);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', 'math.test.mjs'], { cwd: folder, env, encoding: 'utf8' });
  assert.equal(status, 1, stdout);
  assert.match(stdout, /"fails" failed; all requests of the file: opensrf-chopchop-reports\/math\.test-fails\.html/);
  assert.deepEqual(readdirSync(join(folder, 'opensrf-chopchop-reports')), ['math.test-fails.html', 'math.test-fails.ndjson']);
});
