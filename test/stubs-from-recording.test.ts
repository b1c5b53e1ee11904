import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { readRecording } from '../server/fixture/recording/recorded-exchange.ts';
import { stubsFrom } from '../server/fixture/stub-files/from-recording.ts';
import { type ChopChopFixture, OsrfError, startChopChop } from '../server/index.ts';
import { run, temporaryFolder } from './support/command.ts';

interface Line {
  readonly method: string;
  readonly params: readonly unknown[] | string;
  readonly results: readonly unknown[];
  readonly status?: number;
  readonly text?: string;
}

/** A recording of a service, and the stubs that are made of it. */
function recorded(t: TestContext, lines: readonly Line[]): { file: string; yaml: string } {
  const file = join(temporaryFolder(t), 'session.ndjson');
  const json = lines.map(({ status = 0, text = '', ...line }) => {
    const failure = status === 0 ? {} : { state: 'refused', statusCode: status, status: text };
    return JSON.stringify({ service: 'my.users', ...line, ...failure });
  });
  writeFileSync(file, json.join('\n'));
  return { file, yaml: stubsFrom(readRecording(file)) };
}

async function withStubs(t: TestContext, yaml: string): Promise<ChopChopFixture> {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'stubs.yaml'), yaml);
  const jabber = await startChopChop({ stubs: folder });
  t.after(() => jabber.stop());
  return jabber;
}

/** A request's results and status. */
async function answerOf(jabber: ChopChopFixture, method: string, params: readonly unknown[]) {
  const results: unknown[] = [];
  const client = await jabber.connect();
  try {
    for await (const result of client.request('my.users', method, ...params)) results.push(result);
    return { results, status: 0, text: '' };
  } catch (error) {
    assert.ok(error instanceof OsrfError);
    return { results, status: error.statusCode, text: error.message.slice(4) };
  } finally {
    await client.close();
  }
}

/** The cases of a method in YAML. */
function casesOf(yaml: string, method: string): unknown[] {
  const [, block = ''] = new RegExp(`^  "${method}":\\n((?:    - .*\\n?)+)`, 'm').exec(yaml) ?? [];
  return block
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line.slice(6)));
}

test('parameters are generalised where they differ, and results repeat them by templates', (t) => {
  const { yaml } = recorded(t, [
    { method: 'find', params: [{ name: 'Ann', limit: 10 }, 'en'], results: [{ name: 'Ann', found: true }] },
    { method: 'find', params: [{ name: 'Bob', limit: 10 }, 'en'], results: [{ name: 'Bob', found: true }] },
    { method: 'find', params: [{ name: 'Cid', limit: 10 }, 'en'], results: [{ name: 'nobody', found: false }] },
    { method: 'delete', params: [1], results: [1] },
    { method: 'delete', params: [2], results: [1] },
    { method: 'delete', params: ['x'], results: [], status: 400, text: 'no id' },
    { method: 'poll', params: [], results: ['wait'] },
    { method: 'poll', params: [], results: ['wait'] },
    { method: 'poll', params: [], results: ['done'] },
    { method: 'login', params: '**PARAMS REDACTED**', results: ['token'] },
    { method: 'odd', params: [{ $any: true }], results: [{ $param: 0 }, null] },
    { method: 'opensrf.system.echo', params: [1], results: [1] },
  ]);
  assert.match(yaml, /^service: "my\.users"\nmethods:\n/);
  assert.deepEqual(casesOf(yaml, 'find'), [
    { params: [{ name: 'Cid', limit: 10 }, 'en'], result: { name: 'nobody', found: false } },
    { params: [{ $containing: { limit: 10, name: { $any: true } } }, 'en'], result: { name: { $param: '0.name' }, found: true } },
  ]);
  assert.deepEqual(casesOf(yaml, 'delete'), [
    { params: ['x'], status: 400, text: 'no id' },
    { params: [{ $any: true }], result: 1 },
  ]);
  assert.deepEqual(casesOf(yaml, 'poll'), [
    { params: [], times: 2, result: 'wait' },
    { params: [], result: 'done' },
  ]);
  assert.deepEqual(casesOf(yaml, 'login'), [{ result: 'token' }]);
  assert.deepEqual(casesOf(yaml, 'odd'), [{ params: [{ $literal: { $any: true } }], results: [{ $literal: { $param: 0 } }, null] }]);
  assert.doesNotMatch(yaml, /opensrf\.system/);
});

test('a general case that would answer another request is none', (t) => {
  const lines: readonly [number, string, number][] = [
    [1, 'b', 2],
    [1, 'c', 2],
    [1, 'a', 7],
    [2, 'a', 7],
  ];
  const { yaml } = recorded(
    t,
    lines.map(([id, kind, result]) => ({ method: 'find', params: [id, kind], results: [{ result }] })),
  );
  // [1, any] would answer [1, "a"].
  assert.deepEqual(casesOf(yaml, 'find'), [
    { params: [1, 'b'], result: { result: 2 } },
    { params: [1, 'c'], result: { result: 2 } },
    { params: [{ $any: true }, 'a'], result: { result: 7 } },
  ]);
});

test('stubs from a recording give each recorded request its recorded answer', async (t) => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(0, 1, 2, 'a', 'b', '', null, true, [], [1]),
    fc.record({ name: fc.constantFrom('a', 'b'), id: fc.constantFrom(1, 2) }),
    fc.constantFrom({ $any: true }, { $param: 0 }, { $literal: 1 }),
  );
  const free = fc.record({
    method: fc.constantFrom('find', 'save'),
    params: fc.array(value, { maxLength: 2 }),
    results: fc.array(value, { maxLength: 2 }),
    status: fc.constantFrom(0, 0, 404),
  });
  // Many with the same answer, so that general cases meet.
  const small = fc.constantFrom(1, 2, 3);
  const near = fc.record({ method: fc.constant('add'), params: fc.tuple(small, small), results: fc.tuple(fc.constantFrom(0, 5)), status: fc.constant(0) });
  const line = fc.oneof(free, near, near);
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 12 }), async (drawn) => {
      // Objects of fast-check have no prototype.
      const lines: typeof drawn = JSON.parse(JSON.stringify(drawn));
      const jabber = await withStubs(t, recorded(t, lines).yaml);
      for (const { method, params, results, status } of lines) assert.deepEqual(await answerOf(jabber, method, params), { results, status, text: '' });
      await jabber.stop();
    }),
    { numRuns: 60 },
  );
});

test('stubs from prints what --record has written, and refuses other files', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'session.ndjson');
  const recording = await startChopChop({ record: file });
  await recording.service('my.users', { double: (n: number) => 2 * n });
  for (const n of [1, 2]) await recording.request('my.users', 'double', n);
  await recording.stop();
  const { stdout } = run('stubs', 'from', file);
  const jabber = await withStubs(t, stdout);
  assert.equal(await jabber.request('my.users', 'double', 2), 4);
  writeFileSync(join(folder, 'bad'), '{');
  assert.deepEqual([run('stubs', 'from', join(folder, 'bad')).code, run('stubs', 'from', join(folder, 'absent')).code], [2, 4]);
  assert.match(run('stubs', 'to', file).stderr, /stubs: say "stubs from RECORDING"/);
  assert.match(readFileSync(file, 'utf8'), /"method":"double"/);
});
