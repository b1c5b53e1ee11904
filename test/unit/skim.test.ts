import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type OsrfMessage, statusCodeOf, statusTextOf } from '../../shared/osrf/message.ts';
import { peekOsrfMessages } from '../../shared/osrf/read.ts';
import { skimOsrfMessages } from '../../shared/osrf/skim.ts';
import type { SkimmedMessage } from '../../shared/osrf/skimmed-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeText } from '../../shared/xml.ts';
import { readStanza } from '../support/reading.ts';

function stanza(body: string): Stanza {
  return readStanza(`<message to='a@b/c'><opensrf osrf_xid='1'/><thread>t</thread><body>${escapeText(body)}</body></message>`);
}

function withoutTexts({ type, threadTrace, locale, ingress, apiLevel, payloadClass, payload, ...message }: OsrfMessage) {
  const { method, params, content } = payload;
  const parsed = { method: typeof method === 'string' ? method : '', params: Array.isArray(params) ? params : null, content: content ?? null };
  const status = { statusCode: statusCodeOf({ payload, ...message } as OsrfMessage), status: statusTextOf({ payload, ...message } as OsrfMessage) };
  return { type, threadTrace, locale, ingress, apiLevel, payloadClass, ...parsed, ...status };
}

function parsedTexts({ params, content, leftOut, ...others }: SkimmedMessage) {
  assert.equal(leftOut, 0);
  return { ...others, params: params === '' ? null : JSON.parse(params), content: content === '' ? null : JSON.parse(content) };
}

/** Asserts that both see the same. */
function same(body: string): void {
  const one = stanza(body);
  assert.deepEqual(skimOsrfMessages(one, Number.POSITIVE_INFINITY).map(parsedTexts), peekOsrfMessages(one).map(withoutTexts), body);
}

/** Members in any order, as Perl's hashes write them. */
function object(members: Record<string, unknown>, order: readonly number[]): Record<string, unknown> {
  const sorted = Object.entries(members).map((member, index) => [order[index % order.length] ?? 0, member] as const);
  return Object.fromEntries(sorted.sort(([a], [b]) => a - b).map(([, member]) => member));
}

const order = fc.array(fc.nat(100), { minLength: 3, maxLength: 7 });
const message = fc
  .record({
    type: fc.constantFrom('REQUEST', 'RESULT', 'STATUS', 'CONNECT', 'DISCONNECT', 'OTHER'),
    threadTrace: fc.oneof(fc.nat(), fc.string(), fc.nat().map(String)),
    locale: fc.constantFrom('en-US', '', null, 7),
    ingress: fc.constantFrom('opensrf', null, { a: 1 }),
    api_level: fc.constantFrom(1, 'x', null, 1.5),
    method: fc.oneof(fc.string(), fc.constant(null)),
    params: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
    statusCode: fc.oneof(fc.nat(600), fc.nat(600).map(String), fc.constant(null)),
    status: fc.oneof(fc.string(), fc.constant(null)),
    content: fc.jsonValue(),
    order,
  })
  .map(({ order: by, method, params, statusCode, status, content, ...envelope }) => {
    const contents = object({ method, params, statusCode, status, content }, by);
    const payload = object({ __c: 'osrfAny', __p: contents }, by);
    return object({ __p: object({ ...envelope, payload }, by), __c: 'osrfMessage' }, by);
  });

test('a message that is skimmed is the message that is parsed', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 3 }), fc.constantFrom(0, 1), (messages, indent) => same(JSON.stringify(messages, null, indent))),
    { numRuns: 300 },
  );
});

for (const body of [
  '',
  '[]',
  '{}',
  '[1]',
  '[{"__c":"osrfMessage"}]',
  '[{"__c":"osrfMessage","__p":{"type":"STATUS"}}',
  '[{"__c":"osrfMessage","__p":{"type":"STATUS"}}] x',
  '[{"__c":"osrfMessage","__p":{"type":"STATUS","payload":null}}]',
  '[{"__c":"osrfMessage","__p":{"type":"RESULT","threadTrace":"1","payload":{"__c":"osrfResult","__p":{}}}}]',
  '[{"__c":"osrfMessage","__p":{"type":"RESULT","payload":{"__c":"osrfResult","__p":{"content":"a \\" } ] b"}}}}]',
  '[{"__c":"osrfMessage","__p":{"type":"RESULT","payload":{"__c":"osrfResult","__p":{"content":tru}}}}]',
]) {
  test(`the body ${body || "''"} is read as the parser reads it`, () => {
    if (body.includes('tru}')) assert.doesNotThrow(() => skimOsrfMessages(stanza(body), Number.POSITIVE_INFINITY));
    else same(body);
  });
}

test('a body after an empty subject is skimmed like one after the thread', () => {
  const body = '[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":[ 1 ]}}}}]';
  for (const subject of ['', '<subject></subject>', '<subject/>', '<subject>x</subject>']) {
    const one = readStanza(`<message to='a@b/c'><opensrf osrf_xid='1'/><thread>t</thread>${subject}<body>${escapeText(body)}</body></message>`);
    const [message] = skimOsrfMessages(one, Number.POSITIVE_INFINITY);
    // Only the parser loses the blanks.
    assert.deepEqual([message?.method, message?.params], ['add', subject.includes('x') ? '[1]' : '[ 1 ]'], subject);
  }
});

test('of a stanza that is too long the beginning and the end are read', () => {
  const payload = (content: string) => `{"__c":"osrfResult","__p":{"statusCode":200,"status":"OK","content":${content}}}`;
  const result = `{"__c":"osrfMessage","__p":{"threadTrace":"7","type":"RESULT","payload":${payload(`["${'x'.repeat(1_200_000)}"]`)}}}`;
  const status =
    '{"__c":"osrfMessage","__p":{"threadTrace":"7","type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"statusCode":205,"status":"Request Complete"}}}}';
  const seen = skimOsrfMessages(stanza(`[${result},${status}]`), 100_000);
  assert.deepEqual(
    seen.map(({ type, threadTrace, statusCode }) => [type, threadTrace, statusCode]),
    [
      ['RESULT', '7', 200],
      ['STATUS', '7', 205],
    ],
  );
  assert.ok(seen[0]?.content.startsWith('["xxx') && seen[0].content.length > 131_072 && seen[0].content.length < 900_000);
});

for (const [what, unit] of [
  ['plain', 'x'],
  ['escaped', '"<>'],
] as const) {
  test(`of a long ${what} request, the beginning of its parameters is kept, and how much is left out`, () => {
    const params = [unit.repeat(200_000)];
    const body = JSON.stringify([
      { __c: 'osrfMessage', __p: { threadTrace: '1', type: 'REQUEST', payload: { __c: 'osrfMethod', __p: { method: 'add', params } } } },
    ]);
    const [message] = skimOsrfMessages(stanza(body), 100_000);
    assert.equal(message?.method, 'add');
    assert.ok(JSON.stringify(params).startsWith(message.params) && message.params.length > 128 * 1_024, `${message.params.length} characters`);
    assert.ok(message.leftOut + message.params.length >= JSON.stringify(params).length);
  });
}
