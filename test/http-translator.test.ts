import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChopChopFixture } from '../server/fixture/fixture.ts';
import { request, sessionMessage } from './support/gateway-socket.ts';
import { recordingLog } from './support/server.ts';
import { MATH, startWeb, webUrl } from './support/web-fixture.ts';

const PATH = '/osrf-http-translator';
type Headers = Record<string, string>;

const form = (messages: unknown) => `osrf-msg=${encodeURIComponent(typeof messages === 'string' ? messages : JSON.stringify(messages))}`;

function post(jabber: ChopChopFixture, messages: unknown, headers: Headers): Promise<Response> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return fetch(webUrl(jabber, PATH), { method: 'POST', body: form(messages), headers: { ...type, ...headers } });
}

const toMath = (thread = '', more: Headers = {}): Headers => ({ 'X-OpenSRF-service': MATH, ...(thread !== '' && { 'X-OpenSRF-thread': thread }), ...more });
const contents = async (response: Response) =>
  ((await response.json()) as { __p: { payload: { __p: { content?: unknown; statusCode: unknown } } } }[]).map(
    ({ __p: { payload } }) => payload.__p.content ?? Number(payload.__p.statusCode),
  );

test('a request is answered with all messages in one array, and with the sender and the thread in headers', async (t) => {
  const jabber = await startWeb(t);
  const response = await post(jabber, [request('add', [2, 2], 0)], toMath('', { 'X-OpenSRF-xid': 'myxid1' }));
  assert.equal(response.status, 200);
  assert.match(response.headers.get('x-opensrf-from') ?? '', /^opensrf@localhost\/opensrf\.math_drone_/);
  assert.match(response.headers.get('x-opensrf-thread') ?? '', /^[0-9a-f]{32}$/);
  const head = '"threadTrace":"0","locale":"en-US","api_level":1';
  assert.equal(
    await response.text(),
    `[{"__c":"osrfMessage","__p":{${head},"type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":4}}}},{"__c":"osrfMessage","__p":{${head},"type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]`,
  );
  const [asked] = jabber.received({ method: 'add' });
  assert.equal(asked?.ingress, 'translator-v1');
  assert.equal(asked?.transactionId, 'myxid1');
});

test('a connected session is bound to its worker and to the address of its client, until DISCONNECT', async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], trustProxy: ['loopback'] } });
  const connected = await post(jabber, [sessionMessage('CONNECT')], toMath('thr-1'));
  assert.deepEqual(await contents(connected), [200]);
  const to = { 'X-OpenSRF-to': connected.headers.get('x-opensrf-from') ?? '', 'X-OpenSRF-thread': 'thr-1' };
  const answer = await post(jabber, [request('add', [2, 3], 0)], to);
  assert.deepEqual(await contents(answer), [5, 205]);
  assert.equal((await post(jabber, [request('add', [2, 3])], { ...to, 'X-Forwarded-For': '192.0.2.9' })).status, 400, 'another client');
  assert.equal((await post(jabber, [request('add', [2, 3])], { ...to, 'X-OpenSRF-to': 'opensrf@localhost/other' })).status, 400);
  const ended = await post(jabber, [sessionMessage('DISCONNECT', 9)], to);
  assert.equal(ended.status, 200);
  assert.equal(await ended.text(), '');
  assert.equal((await post(jabber, [request('add', [2, 3])], to)).status, 400);
});

test('a session is forgotten when its time is over', async (t) => {
  const jabber = await startWeb(t, { limits: { webSessionMs: 1 } });
  const connected = await post(jabber, [sessionMessage('CONNECT')], toMath('thr-1'));
  const to = { 'X-OpenSRF-to': connected.headers.get('x-opensrf-from') ?? '', 'X-OpenSRF-thread': 'thr-1' };
  for (;;) {
    const { status, body } = await post(jabber, [request('add', [2, 3])], to);
    await body?.cancel();
    if (status === 400) return;
  }
});

test('CONNECT, REQUEST and DISCONNECT in one batch give the result', async (t) => {
  const jabber = await startWeb(t);
  const batch = [sessionMessage('CONNECT'), request('add', [2, 2], 1), sessionMessage('DISCONNECT', 9)];
  assert.deepEqual(await contents(await post(jabber, batch, toMath('thr-2'))), [200, 4, 205]);
  const two = [request('add', [1, 1], 1), request('add', [2, 2], 2)];
  assert.deepEqual((await contents(await post(jabber, two, toMath('thr-3')))).sort(), [2, 205, 205, 4].sort());
});

test('a multipart answer has a part for each message that came', async (t) => {
  const jabber = await startWeb(t);
  const response = await post(jabber, [request('split', ['a b'], 3)], toMath('', { 'X-OpenSRF-multipart': 'true' }));
  const boundary = /^multipart\/x-mixed-replace;boundary="([0-9a-f]{32})"$/.exec(response.headers.get('content-type') ?? '')?.[1];
  const text = await response.text();
  assert.match(text, new RegExp(`^--${boundary}\nContent-type: text/plain\n\n\\[\\{.*"content":"a".*\\]\n\n--${boundary}--\n$`));
});

test('a status of the service is HTTP 200; an absent service is 404, a silent one 504', async (t) => {
  const jabber = await startWeb(t);
  await jabber.service('opensrf.slow', { wait: () => new Promise<never>(() => {}) });
  assert.deepEqual(await contents(await post(jabber, [request('nosuch', [])], toMath())), [404]);
  assert.equal((await post(jabber, [request('add', [])], { 'X-OpenSRF-service': 'opensrf.nosuch' })).status, 404);
  assert.equal((await post(jabber, [request('wait', [])], { 'X-OpenSRF-service': 'opensrf.slow', 'X-OpenSRF-timeout': '1' })).status, 504);
});

test('an invalid request gets 400, one without messages an empty answer', async (t) => {
  const jabber = await startWeb(t);
  const good = [request('add', [2, 2])];
  for (const [messages, headers] of [
    [good, {}],
    [good, { 'X-OpenSRF-to': 'router@localhost/opensrf.math' }],
    [good, toMath('', { 'X-OpenSRF-to': 'router@localhost/opensrf.math' })],
    ['[notjson', toMath()],
    ['[]', toMath()],
    ['[{}]', toMath()],
    [Array.from({ length: 257 }, () => request('add', [])), toMath()],
    [good, toMath('t'.repeat(251))],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, toMath()],
  ] as const) {
    const response = await post(jabber, messages, headers);
    assert.equal(response.status, 400, JSON.stringify(headers));
    assert.equal(response.headers.get('x-opensrf-from'), null);
  }
  for (const init of [{ method: 'POST', body: 'x=1' }, { method: 'GET' }, { method: 'HEAD' }, { method: 'OPTIONS' }]) {
    const response = await fetch(webUrl(jabber, PATH), { ...init, headers: toMath() });
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  }
  assert.equal((await fetch(webUrl(jabber, `${PATH}?${form(good)}`), { headers: toMath() })).status, 200);
});

test('a call is one line of the activity log', async (t) => {
  const log = recordingLog();
  const jabber = await startWeb(t, { log });
  await (await post(jabber, [request('add', [2, 2])], toMath('', { 'X-OpenSRF-xid': 'x9' }))).text();
  const lines = log.lines.filter(({ fields }) => fields['part'] === 'activity').map(({ fields, message }) => `${fields['xid']} ${message}`);
  assert.deepEqual(lines, [`x9 [127.0.0.1] [] ${MATH} add 2, 2`]);
});
