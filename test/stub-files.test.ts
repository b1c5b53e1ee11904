import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StubFileError, startChopChop } from '../server/index.ts';
import { run, temporaryFolder } from './support/command.ts';

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
    'a.yaml:11: methods.m[2].params[1]: "$some" is unknown (known: $any, $regex, $containing, $literal)',
    'a.yaml:11: methods.m[2].params[2]: $containing needs an object',
    'a.yaml:12: methods.n: must be an object (with params, result, results, status, text, delayMs, times, state, nextState)',
    'a.yaml:13: methods.o.maxChunkSize: must be a whole number',
    'a.yaml:14: methods.p.text: needs a "status"',
    'b.yaml:1: needs a "service"',
    'b.yaml:1: methods: must be an object of methods',
    'c.yaml:1: service: "a" is already declared in a.yaml:1',
  ]);
  assert.match((await problems({ 'd.json': '{"service": "x",\n "methods": {' }))[0] as string, /^d\.json:2: /);
  await assert.rejects(startChopChop({ stubs: join(folder, 'none') }), /none: cannot be read: ENOENT/);
});

test('templates in results: paths into parameters, time, uuid, sequences, literals', async (t) => {
  const folder = temporaryFolder(t);
  const yaml = `
service: my.orders
methods:
  name: { result: { $param: 0.name } }
  deep: { result: [{ $param: 0.tags.1 }, { $param: 0.absent.x }, { $param: '1' }, { $param: 0.constructor }] }
  now: { results: [{ $now: iso }, { $now: seconds }, { $now: milliseconds }] }
  order: { result: { id: { $sequence: orders }, line: { $sequence: lines }, uuid: { $uuid: true } } }
  next: { result: { $sequence: orders } }
  literal: [{ params: [{ $literal: { $any: true } }], result: { $literal: { $param: 0 } } }]
`;
  writeFileSync(join(folder, 'orders.yaml'), yaml);
  await using jabber = await startChopChop({ stubs: folder });
  const client = await jabber.connect();
  const ask = async (method: string, ...params: unknown[]) => (await client.request('my.orders', method, ...params).answer).results;
  assert.deepEqual(await ask('name', { name: 'Ann' }), ['Ann']);
  assert.deepEqual(await ask('deep', { tags: ['a', 'b'] }, 'second'), [['b', null, 'second', null]]);
  const before = Date.now();
  const [iso, seconds, milliseconds] = (await ask('now')) as [string, number, number];
  assert.ok(milliseconds >= before - 1 && milliseconds <= Date.now() + 1);
  assert.ok(Math.abs(Date.parse(iso) - milliseconds) < 1000 && Math.abs(seconds * 1000 - milliseconds) < 2000);
  const [order, again] = [...(await ask('order')), ...(await ask('order'))] as { id: number; line: number; uuid: string }[];
  assert.deepEqual([order?.id, order?.line, again?.id, again?.line], [1, 1, 2, 2]);
  assert.match(order?.uuid as string, /^[\da-f]{8}-[\da-f]{4}-4/);
  assert.notEqual(order?.uuid, again?.uuid);
  assert.deepEqual(await ask('next'), [3]);
  assert.deepEqual(await ask('literal', { $any: true }), [{ $param: 0 }]);
  await assert.rejects(ask('literal', 1), /404/);
  await jabber.reset();
  assert.deepEqual(await ask('next'), [1]);
});

test('a case applies in its state, and leads to the next one', async (t) => {
  const folder = temporaryFolder(t);
  const yaml = `
service: my.shop
methods:
  login: { result: token, nextState: in }
  logout: [{ state: in, nextState: start }]
  buy:
    - { state: start, status: 401, text: log in first }
    - { state: in, params: [{ $any: true }], result: bought }
  count: { result: 7 }
`;
  writeFileSync(join(folder, 'shop.yaml'), yaml);
  await using jabber = await startChopChop({ stubs: folder });
  const ask = (method: string, ...params: unknown[]) => jabber.request('my.shop', method, ...params);
  await assert.rejects(ask('buy', 1), /401 log in first/);
  await assert.rejects(ask('logout'), /404 no case .*; nearest case 1: state: expected "in", is "start"/);
  assert.equal(await ask('login'), 'token');
  assert.equal(await ask('buy', 1), 'bought');
  assert.equal(await ask('count'), 7);
  await ask('logout');
  await assert.rejects(ask('buy', 1), /401/);
  await ask('login');
  await jabber.reset();
  await assert.rejects(ask('buy', 1), /401/, 'a reset begins in the first state');
});

test('wrong templates and states are refused, by --check-config too', (t) => {
  const folder = temporaryFolder(t);
  const yaml = `service: a
methods:
  m:
    - { result: { $now: noon } }
    - { results: [1, [{ $param: x }]] }
    - { result: { $uuid: 4 } }
    - { result: { $sequence: 1 } }
    - { result: { deep: { $params: 0 } } }
    - { result: { $ref: fine } }
    - { result: { $param: 0.5 } }
  n:
    - { result: 1, nextState: logged-in }
    - { result: 2, state: loged-in }
    - { result: 3, state: 7 }
`;
  writeFileSync(join(folder, 'a.yaml'), yaml);
  const { code, stderr } = run('--check-config', '--stubs', folder);
  assert.equal(code, 2);
  assert.deepEqual(stderr.replaceAll(`${folder}/`, '').replace('opensrf-chopchop: ', '').trimEnd().split('\n'), [
    'a.yaml:4: methods.m[0].result: $now needs one of iso, seconds, milliseconds',
    'a.yaml:5: methods.m[1].results: $param needs the number of a parameter, or a path from there, as "0.name"',
    'a.yaml:6: methods.m[2].result: $uuid needs true',
    'a.yaml:7: methods.m[3].result: $sequence needs the name of a sequence',
    'a.yaml:8: methods.m[4].result: "$params" is unknown; did you mean "$param"? ({ $literal: … } for the object itself)',
    'a.yaml:10: methods.m[6].result: $param needs the number of a parameter, or a path from there, as "0.name"',
    'a.yaml:14: methods.n[2].state: must be a non-empty string',
    'a.yaml:13: methods.n[1].state: no case leads to it: "loged-in" is unknown; did you mean "logged-in"?',
  ]);
});
