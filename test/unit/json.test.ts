import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonProblem, MAX_JSON_DEPTH, parseJson, peekJson, plainText, writeJson } from '../../shared/osrf/json.ts';
import { parseOsrfMessages, peekMessages, statusCodeOf, statusTextOf } from '../../shared/osrf/message.ts';

const lists = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth);
const objects = (depth: number) => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth);

test('JSON is parsed up to a depth, and a value that was parsed can be written', () => {
  for (const text of [lists(MAX_JSON_DEPTH), objects(MAX_JSON_DEPTH), lists(MAX_JSON_DEPTH / 2, objects(MAX_JSON_DEPTH / 2))]) {
    assert.equal(writeJson(parseJson(text)), text);
  }
  for (const text of [lists(MAX_JSON_DEPTH + 1), objects(MAX_JSON_DEPTH + 1), lists(MAX_JSON_DEPTH, objects(1)), lists(2_000_000)]) {
    assert.equal(parseJson(text), undefined);
    assert.equal(jsonProblem(text), 'nested deeper than 512 levels');
  }
});

test('brackets in a string do not count as nesting, with any quotes and backslashes', () => {
  for (const value of ['['.repeat(2_000), '"'.repeat(600) + '['.repeat(600), `\\"${'{['.repeat(600)}\\`, `${'\\'.repeat(601)}"${'['.repeat(600)}`]) {
    assert.equal(parseJson(JSON.stringify([value, [value]]))?.toString(), [value, value].toString());
    assert.equal(parseJson(`[${JSON.stringify(value)},${lists(MAX_JSON_DEPTH)}]`), undefined, 'what stands behind it does');
  }
  assert.deepEqual(parseJson(`[${'[],'.repeat(5_000)}[]]`), Array(5_001).fill([]), 'many are not deep');
});

test('text that is not JSON is refused', () => {
  for (const text of ['', '[', '"', `"${'['.repeat(600)}`, ']'.repeat(600), 'undefined', '[1]]']) {
    assert.equal(parseJson(text), undefined, text);
    assert.match(jsonProblem(text), /^no JSON \(.+\)$/s, text);
  }
});

test('a value that cannot be written is undefined', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const tooLong = Array(20).fill('x'.repeat(2 ** 25));
  const hostile = {
    toJSON() {
      throw new Error('no');
    },
  };
  for (const value of [circle, tooLong, hostile, () => {}, undefined, 1n]) assert.equal(writeJson(value), undefined);
});

test('an observer sees a message that is nested too deeply without its parameters and results', () => {
  const message = (type: string, payload: string) => `{"__c":"osrfMessage","__p":{"threadTrace":"7","type":"${type}","payload":${payload}}}`;
  const bomb = lists(9_000);
  const body = `[${message('REQUEST', `{"__c":"osrfMethod","__p":{"method":"add","params":[2,"[",${bomb},{"a":1}]}}`)},${message('RESULT', `{"__c":"osrfResult","__p":{"statusCode":"200","content":{"a":${bomb}}}}`)}]`;
  assert.equal(parseOsrfMessages(body), null);
  const leftOut = '**TOO DEEPLY NESTED TO BE KEPT**';
  assert.deepEqual(
    peekMessages(body)?.map(({ type, threadTrace, payload }) => [type, threadTrace, payload['method'] ?? payload['content'], payload['params']]),
    [
      ['REQUEST', '7', 'add', [2, '[', leftOut, leftOut]],
      ['RESULT', '7', { a: leftOut }, undefined],
    ],
  );
  for (const text of [`${lists(600)}]`, `[${lists(600)}`, `]${lists(600)}`]) assert.equal(peekJson(text, 6), undefined, text.slice(0, 3));
});

test('an observer sees no more than 256 messages of one stanza', () => {
  const body = `[${Array(1_000).fill('{"__c":"osrfMessage","__p":{"type":"REQUEST"}}').join(',')}]`;
  assert.deepEqual([peekMessages(body)?.length, parseOsrfMessages(body)?.length], [256, 1_000]);
});

test("a status is a text or a number; any other value counts as none, and a peer's code never runs", () => {
  const status = (statusCode: unknown, text: unknown) => {
    const [message] =
      parseOsrfMessages(JSON.stringify([{ __c: 'osrfMessage', __p: { type: 'STATUS', payload: { __c: 'osrfStatus', __p: { statusCode, status: text } } } }])) ??
      [];
    return message === undefined ? null : [statusCodeOf(message), statusTextOf(message)];
  };
  assert.deepEqual(status('205', 'done'), [205, 'done']);
  assert.deepEqual(status(404, 7), [404, '7']);
  for (const hostile of [{ toString: 1 }, { valueOf: null, toString: null }, [[[205]]], parseJson(lists(500)), null, true, {}]) {
    assert.deepEqual(status(hostile, hostile), [0, '']);
    assert.equal(plainText(hostile), '');
  }
  assert.deepEqual(status('many', ''), [0, '']);
});
