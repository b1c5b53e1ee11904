import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { containing, OsrfError, OsrfTimeout, startChopChop, VerificationError } from '../server/index.ts';
import { temporaryFolder } from './support/command.ts';

/** @returns What a call throws. */
function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return null;
}

/** The frames of an error's stack. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => line.startsWith('    at '));
}

test('verify shows the nearest request and how it differs', async () => {
  await using jabber = await startChopChop();
  await jabber.service('my.users', { find: () => null, add: () => null });
  await jabber.request('my.users', 'add', 1, 1);
  await jabber.request('my.users', 'find', 1, 2, { name: 'Ann', tags: ['a', 'b'] });
  await jabber.request('my.users', 'find', 7, 7, {});
  const cases = [
    [{ method: 'find', params: [1, 3, { name: 'Ann', tags: ['a', 'b'] }] }, ['params[1]: expected 3, got 2']],
    [{ method: 'find', params: [1, 2, { name: 'Ann', tags: ['a', 'c'] }] }, ['params[2].tags[1]: expected "c", got "b"']],
    [
      { method: 'find', params: [1, 2, containing({ name: /^B/, age: 3 })] },
      ['params[2].name: expected /^B/, got "Ann"', 'params[2].age: expected 3, got nothing'],
    ],
    [{ method: 'find', params: [1, 2] }, ['params: expected 2 of them, got 3']],
    [{ service: 'my.users', method: 'fnd', params: [1, 1] }, ['method: expected "fnd", got "add"']],
  ] as const;
  for (const [filter, differences] of cases) {
    const error = thrownBy(() => jabber.verify(filter));
    assert.ok(error instanceof VerificationError, String(error));
    assert.deepEqual(error.differences, differences);
    assert.match(error.message, /received 0 times, expected at least once\nNearest: my\.users (?:find|add)\(.*\n {2}(?:params|method)/);
  }
  const error = thrownBy(() => jabber.verify({ service: 'other', method: 'none' }));
  assert.ok(error instanceof VerificationError && error.nearest === null && error.differences.length === 0);
});

test('a runner shows the difference of filter and nearest request, the test’s own line, and no fields of requests', async () => {
  await using jabber = await startChopChop();
  await jabber.service('my.math', { add: () => 4 });
  await jabber.request('my.math', 'add', 2, 3);
  const calls: [() => void, string | undefined, string][] = [
    [() => jabber.verify({ method: 'add', params: [2, 2] }), 'my.math add(2, 3): once', 'any service add(2, 2): at least once'],
    [() => jabber.verify({ method: 'add' }, 2), 'any service add: once', 'any service add: 2 times'],
    [() => jabber.verify({ method: 'none' }), 'any service none: 0 times', 'any service none: at least once'],
    [() => jabber.verifyOrder({ method: 'none' }), undefined, 'any service none'],
  ];
  for (const [call, actual, expected] of calls) {
    const error = thrownBy(call) as VerificationError & { actual: unknown; expected: unknown };
    assert.deepEqual([error.name, error.actual, error.expected], ['VerificationError', actual, expected]);
    assert.match(error.stack?.split('\n').find((line) => /^ +at /.test(line)) ?? '', /failures\.test/);
    assert.doesNotMatch(inspect(error), /nearest:|threadTrace|paramsJson/);
  }
});

test('a stub and a strict replay say how the nearest case or recording differs', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'stubs'));
  writeFileSync(
    join(folder, 'stubs/math.yaml'),
    'service: my.math\nmethods:\n  add:\n    - params: [9, 9]\n      result: 18\n    - params: [2, 3]\n      result: 5\n',
  );
  writeFileSync(join(folder, 'session.ndjson'), '{"service":"my.users","method":"find","params":[{"name":"Ann"},10],"results":[1]}\n');
  await using jabber = await startChopChop({ stubs: join(folder, 'stubs'), replay: join(folder, 'session.ndjson'), replayMode: 'strict' });
  await assert.rejects(jabber.request('my.math', 'add', 2, 2), /404 no case .*; nearest case 2: params\[1\]: expected 3, got 2$/);
  await assert.rejects(
    jabber.request('my.users', 'find', { name: 'Bob' }, 10),
    /^OsrfError: 404 the recording has no find with these parameters; nearest: params\[0\]\.name: expected "Ann", got "Bob"$/,
  );
  assert.deepEqual(jabber.notRecorded[0]?.differences, ['params[0].name: expected "Ann", got "Bob"']);
});

test('unusedStubs lists methods and cases that have answered nothing', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(
    join(folder, 'math.yaml'),
    'service: my.math\nmethods:\n  add:\n    - params: [1, 1]\n      result: 2\n    - params: [2, 2]\n      result: 4\n',
  );
  await using jabber = await startChopChop({ stubs: folder });
  await jabber.service('my.users', { find: () => null, save: () => null });
  await jabber.request('my.math', 'add', 2, 2);
  await jabber.request('my.users', 'save');
  const unused = [
    { service: 'my.math', method: 'add', case: 1 },
    { service: 'my.users', method: 'find', case: 0 },
  ];
  assert.deepEqual(jabber.unusedStubs(), unused);
  await jabber.reset();
  assert.deepEqual(
    jabber.unusedStubs().map((one) => one.case),
    [1, 2],
  );
});

test('an error has the stack of the test’s own call, and names its request', async () => {
  await using jabber = await startChopChop();
  const client = await jabber.connect();
  async function inTheTest(): Promise<void> {
    await client.request('my.service', 'absent');
  }
  const error = await inTheTest().catch((thrown) => thrown);
  assert.ok(error instanceof OsrfError);
  const [heading] = (error.stack as string).split('\n');
  const [first] = framesOf(error);
  assert.match(heading as string, /^OsrfError: 404 /);
  assert.match(first as string, /inTheTest .*failures\.test\.js:/);
  const [exchange] = jabber.received();
  assert.deepEqual([error.service, error.method, error.transactionId], ['my.service', 'absent', exchange?.transactionId]);
  const ofFixture = await jabber.request('my.service', 'absent').catch((thrown) => thrown);
  assert.doesNotMatch(ofFixture.stack, /node:internal/);
  assert.match(framesOf(ofFixture)[0] as string, /failures\.test\.js:/);
});

test('an error has the last three messages of its thread, and the stack of the stub that threw', async () => {
  await using jabber = await startChopChop({ logProtect: ['secret'] });
  function inTheService(a: number): never {
    throw new RangeError(`no sum of ${a}`);
  }
  await jabber.service('my.math', { add: inTheService, secret: inTheService });
  const client = await jabber.connect();
  const session = client.session('my.math');
  const worker = await session.connect();
  const error = await session.request('add', 1, { long: 'x'.repeat(500) }).catch((thrown) => thrown);
  assert.ok(error instanceof OsrfError);
  assert.equal(error.messages.length, 3);
  const [connected, asked, refused] = error.messages as [string, string, string];
  assert.equal(connected, `${worker} → ${client.jid}: STATUS 0 200 Connection Successful`);
  assert.match(asked, /^\S+ → \S+: REQUEST 1 add\(1,\{"long":"x{150,200}…\)$/);
  assert.match(refused, /: STATUS 1 500 \*\*\* Call to \[add\] failed .*: no sum of 1$/);
  const stack = error.stack as string;
  for (const message of error.messages) assert.ok(stack.includes(`\n  ${message}\n`), stack);
  assert.match(stack, /\n {4}at .*failures\.test\.js/);
  assert.ok(error.cause instanceof RangeError);
  assert.match(error.cause.stack as string, /at inTheService .*failures\.test\.js/);
  assert.doesNotMatch(error.cause.stack as string, /\/server\/|node:internal/, 'it ends at the service');
  assert.match(inspect(error), /\[cause\]: RangeError: no sum of 1\n +at inTheService/);
  assert.equal(inspect(error).split('REQUEST 1').length, 2, 'shown once');
  const hidden = await client.request('my.math', 'secret', 1234).catch((thrown) => thrown);
  assert.match(hidden.messages[0], /REQUEST 1 secret\(…\)$/);
  assert.doesNotMatch(hidden.messages[0], /1234/);
});

test('a time-out, a bounce and a failed CONNECT show the last messages too, and the test’s own stack', async () => {
  await using jabber = await startChopChop();
  await jabber.service('my.math', { wait: () => new Promise(() => {}) });
  const client = await jabber.connect({ timeoutMs: 50 });
  const late = await client.request('my.math', 'wait').catch((thrown) => thrown);
  assert.ok(late instanceof OsrfTimeout);
  assert.deepEqual(late.messages, [`${client.jid} → router@localhost/my.math: REQUEST 1 wait()`]);
  const unconnected = await client
    .session('absent')
    .connect()
    .catch((thrown) => thrown);
  assert.match(unconnected.messages.at(-1), /^router@localhost\/absent → \S+: (?:STATUS|bounce)/);
  assert.match(unconnected.stack, /\n {4}at .*failures\.test\.js/);
  jabber.fault({ bounce: true });
  const bounced = await client.request('my.math', 'wait').catch((thrown) => thrown);
  assert.match(bounced.messages.at(-1), /: bounce 503 the message bounced \(service-unavailable: injected fault\)$/);
  assert.deepEqual((await jabber.waitForService('absent', { timeoutMs: 1 }).catch((thrown) => thrown)).messages, []);
});
