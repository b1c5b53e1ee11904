import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AbsentServiceAnswer, QueryLimits } from '../../router/ports/options.ts';
import { absent, drained, errorOf, listenerLost, type Refusal, refuse as refused, untrusted, workerLost } from '../../router/refusal.ts';
import { bounce } from '../../shared/osrf/bounce.ts';
import { bodyText, messagesIn } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeText } from '../../shared/xml.ts';
import { readStanza } from '../support/reading.ts';

const SERVICE = 'router@localhost/opensrf.absent';
const CLIENT = 'opensrf@localhost/client';

function request(body: string | null, startTag = `<message to='${SERVICE}'><opensrf osrf_xid='7'/>`): Stanza {
  const stanza = readStanza(`${startTag}<thread>t</thread>${body === null ? '' : `<body>${escapeText(body)}</body>`}</message>`);
  stanza.from = CLIENT;
  return stanza;
}

const osrf = (...types: string[]): string =>
  JSON.stringify(types.map((type, index) => ({ __c: 'osrfMessage', __p: { threadTrace: index + 1, locale: 'fr-CA', type } })));

/** The refusal, as the router sends it. */
function refuse(request: Stanza, refusal: Refusal, answer: AbsentServiceAnswer, limits: QueryLimits): Stanza[] {
  return refused(request, refusal, answer, limits) ?? [bounce(request, errorOf(refusal))].filter((stanza) => stanza !== null);
}

const LIMITS = { queryBytes: 10_000, queryMessages: 4 };

test('a REQUEST for an absent service is answered with a status, the bytes of a missing method', () => {
  const [answer, ...more] = refuse(request(osrf('REQUEST')), absent('opensrf.absent'), 'status', LIMITS) as [Stanza];
  assert.deepEqual(more, []);
  assert.deepEqual([answer.to, answer.from, answer.type, answer.thread, answer.transactionId], [CLIENT, SERVICE, '', 't', '7']);
  assert.equal(
    bodyText(answer),
    '[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"fr-CA","type":"STATUS","payload":{"__c":"osrfMethodException","__p":{"status":"Service opensrf.absent is not registered with this router","statusCode":"404"}}}}]',
  );
});

test('the answer uses the form of the request', () => {
  const [answer] = refuse(request(osrf('REQUEST'), `<message to='${SERVICE}' osrf_xid='7'>`), absent('x'), 'status', LIMITS) as [Stanza];
  assert.equal(answer.extensionStart, -1);
  assert.match(answer.otherAttributes, / osrf_xid='7'/);
});

test('each REQUEST of a body has an answer of its own, and other messages get none', () => {
  const numbers = (...types: string[]): string[] =>
    refuse(request(osrf(...types)), absent('x'), 'status', LIMITS).map((answer) => messagesIn(answer)?.[0]?.threadTrace ?? 'bounce');
  assert.deepEqual(numbers('REQUEST', 'DISCONNECT', 'REQUEST'), ['1', '3']);
  assert.deepEqual(numbers('DISCONNECT'), []);
  assert.deepEqual(numbers('RESULT', 'STATUS'), []);
});

test('a CONNECT, and a body without an OpenSRF message, bounces', () => {
  for (const body of [osrf('CONNECT'), osrf('REQUEST', 'CONNECT'), osrf('CONNECT', 'REQUEST'), 'hello', '', '[]', '{}', null]) {
    const refused = request(body);
    const [answer, ...more] = refuse(refused, absent('x'), 'status', LIMITS) as [Stanza];
    assert.deepEqual([more, answer.type, answer.to, answer.from], [[], 'error', CLIENT, SERVICE], `${body}`);
    assert.equal(bodyText(answer), body ?? '');
    assert.match(answer.inner, /<error code='503' type='cancel'><service-unavailable /);
  }
});

test('a web gateway gets a bounce if the service takes no requests, and a status if its listener is lost', () => {
  const say = (ingress: string, types: readonly string[]): string =>
    JSON.stringify(types.map((type) => ({ __c: 'osrfMessage', __p: { threadTrace: '1', ingress, type } })));
  const answers = (ingress: string, refusal: Refusal, ...types: string[]) =>
    refuse(request(say(ingress, types)), refusal, 'status', LIMITS).map(({ type }) => type);
  for (const ingress of ['translator-v1', 'gateway-v1', 'ws-translator-v1', 'ws-translator-v2']) {
    assert.deepEqual(answers(ingress, absent('x'), 'REQUEST'), ['error'], ingress);
    assert.deepEqual(answers(ingress, absent('x'), 'REQUEST', 'REQUEST'), ['error'], ingress);
    assert.deepEqual(answers(ingress, drained('x'), 'REQUEST'), ['error'], ingress);
    assert.deepEqual(answers(ingress, listenerLost('x'), 'REQUEST'), [''], ingress);
    assert.deepEqual(answers(ingress, workerLost('x'), 'REQUEST'), [''], ingress);
    assert.deepEqual(answers(ingress, untrusted('x'), 'REQUEST'), [''], ingress);
    assert.deepEqual(answers(ingress, absent('x'), 'DISCONNECT'), [], ingress);
  }
  for (const ingress of ['', 'opensrf', 'srfsh', 'gateway-v10', 'Gateway-v1']) assert.deepEqual(answers(ingress, absent('x'), 'REQUEST'), [''], ingress);
});

test('everything bounces if so configured', () => {
  for (const body of [osrf('REQUEST'), osrf('DISCONNECT'), osrf('REQUEST', 'REQUEST')]) {
    assert.deepEqual(
      refuse(request(body), absent('x'), 'bounce', LIMITS).map(({ type }) => type),
      ['error'],
    );
  }
});

test('a body with more messages than the router reads, or a longer one, bounces unread', () => {
  const types = (body: string) => refuse(request(body), absent('x'), 'status', LIMITS).map(({ type }) => type);
  assert.deepEqual(types(osrf('REQUEST', 'REQUEST', 'REQUEST', 'REQUEST')), ['', '', '', '']);
  assert.deepEqual(types(osrf('REQUEST', 'REQUEST', 'REQUEST', 'REQUEST', 'REQUEST')), ['error']);
  assert.deepEqual(types(osrf('REQUEST') + ' '.repeat(10_000)), ['error']);
});

test('an error is never answered with a bounce', () => {
  const error = request('hello');
  error.type = 'error';
  assert.deepEqual(refuse(error, absent('x'), 'status', LIMITS), []);
  assert.deepEqual(refuse(error, absent('x'), 'bounce', LIMITS), []);
});

test('each refusal has its status, its condition and its words', () => {
  assert.deepEqual(
    [absent('a'), listenerLost('a'), drained('a'), untrusted('a')].map(({ statusCode, condition, text }) => `${statusCode} ${condition} ${text}`),
    [
      '404 service-unavailable Service a is not registered with this router',
      '503 service-unavailable Service a lost its listener',
      '503 service-unavailable Service a is being drained',
      '403 forbidden Domain a is not trusted by this router',
    ],
  );
});
