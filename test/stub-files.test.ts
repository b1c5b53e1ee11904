import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StubFileError, startChopChop } from '../server/index.ts';
import { temporaryFolder } from './support/command.ts';

const MATH = `
service: opensrf.math
maxWorkers: 3
methods:
  add:
    - params: [2, 2]
      result: 4
    - params: [{ $any: true }, 0]
      result: { $param: 0 }
  split:
    results: [a, b]
  echo:
    result: { said: [{ $param: 0 }], of: { $param: 1 } }
  refuse:
    status: 403
    text: not you
  half:
    results: [1]
    status: 500
  flaky:
    cases:
      - times: 2
        status: 503
        text: come again
      - result: done
        delayMs: 1
    maxChunkSize: 10
    notes: fails twice
  nothing: {}
  find:
    - params: [{ $regex: ^A }, { $containing: { id: 7, name: { $regex: x } } }]
      result: true
---
service: opensrf.second
methods: {ping: {result: pong}}
`;

test('services declared in YAML and JSON answer case by case', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'math.yaml'), MATH);
  writeFileSync(join(folder, 'third.json'), JSON.stringify({ service: 'opensrf.third', methods: { ping: { result: null } } }));
  writeFileSync(join(folder, 'README.md'), 'not a stub');
  await using jabber = await startChopChop({ stubs: folder });
  assert.deepEqual(jabber.services().sort(), ['opensrf.math', 'opensrf.second', 'opensrf.third']);
  const client = await jabber.connect();
  const ask = async (method: string, ...params: unknown[]) => (await client.request('opensrf.math', method, ...params).answer).results;
  assert.deepEqual(await ask('add', 2, 2), [4]);
  assert.deepEqual(await ask('add', 'x', 0), ['x']);
  assert.deepEqual(await ask('split'), ['a', 'b']);
  assert.deepEqual(await ask('echo', { a: 1 }), [{ said: [{ a: 1 }], of: null }]);
  assert.deepEqual(await ask('nothing', 1, 2, 3), []);
  assert.deepEqual(await ask('find', 'Abc', { id: 7, name: 'x', more: 1 }), [true]);
  await assert.rejects(ask('find', 'abc', { id: 7, name: 'x' }), /404 no case of the stub's method find matches the parameters \["abc",/);
  await assert.rejects(ask('refuse'), /403 not you/);
  await assert.rejects(ask('half'), /500/);
  for (const again of [1, 2]) await assert.rejects(ask('flaky'), /503 come again/, String(again));
  assert.deepEqual(await ask('flaky'), ['done']);
  await assert.rejects(ask('nosuch'), /404 Method \[nosuch\] not found for service opensrf\.math/);
  assert.equal(await jabber.request('opensrf.second', 'ping'), 'pong');
  // They are there again after a reset, as new.
  await jabber.reset();
  await assert.rejects(ask('flaky'), /503 come again/);
});

test('all errors in files of stubs are reported at once, with file, line and path', async (t) => {
  const folder = temporaryFolder(t);
  const problems = async (files: Record<string, string>) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const error = await startChopChop({ stubs: folder }).then(
      () => assert.fail('it started'),
      (reason) => reason,
    );
    assert.ok(error instanceof StubFileError, String(error));
    return error.problems.map((problem) => problem.replaceAll(`${folder}/`, ''));
  };
  assert.match((await problems({}))[0] as string, /: contains no \*\.json, \*\.yaml or \*\.yml file$/);
  const bad = `service: a
method: {}
methods:
  m:
    - params: 7
      result: 1
      results: [2]
    - status: 200
      text: x
      $times: 1
    - params: [{ $regex: '(' }, { $some: 1 }, { $containing: 1 }]
  n: 5
  o: { cases: [], maxChunkSize: -1 }
  p: { text: x }
`;
  assert.deepEqual(await problems({ 'a.yaml': bad, 'b.yaml': '{}', 'c.yaml': 'service: a\nmethods: {}' }), [
    'a.yaml:2: method: is unknown; did you mean "methods"?',
    'a.yaml:5: methods.m[0].params: must be a list',
    'a.yaml:5: methods.m[0]: has both "result" and "results"',
    'a.yaml:8: methods.m[1].status: must be a status from 300 to 999',
    'a.yaml:10: methods.m[1].$times: is unknown; did you mean "times"?',
    'a.yaml:11: methods.m[2].params[0]: Invalid regular expression: /(/: Unterminated group',
    'a.yaml:11: methods.m[2].params[1]: "$some" is unknown (known: $any, $regex, $containing)',
    'a.yaml:11: methods.m[2].params[2]: $containing needs an object',
    'a.yaml:12: methods.n: must be an object (with params, result, results, status, text, delayMs, times)',
    'a.yaml:13: methods.o.maxChunkSize: must be a whole number',
    'a.yaml:14: methods.p.text: needs a "status"',
    'b.yaml:1: needs a "service"',
    'b.yaml:1: methods: must be an object of methods',
    'c.yaml:1: service: "a" is already declared in a.yaml:1',
  ]);
  assert.match((await problems({ 'd.json': '{"service": "x",\n "methods": {' }))[0] as string, /^d\.json:2: /);
  await assert.rejects(startChopChop({ stubs: join(folder, 'none') }), /none: cannot be read: ENOENT/);
});
