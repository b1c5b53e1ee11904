import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChopChopFixture } from '../server/fixture/fixture.ts';
import { MATH, rawHttp, startWeb, webUrl } from './support/web-fixture.ts';

const WEB = { ports: [0], services: ['opensrf.m*', 'other'] };
const CURL = 'application/x-www-form-urlencoded';

function call(jabber: ChopChopFixture, method: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(webUrl(jabber, `/services/${method}`), { method: 'POST', body, headers: { 'content-type': CURL, ...headers } });
}

test('curl -d [2,2] gets 4', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  const response = await call(jabber, `${MATH}/add`, '[2,2]');
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.equal(await response.text(), '4\n');
});

test('several results are an array, or lines if the client accepts them; no result is an empty array', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  assert.equal(await (await call(jabber, `${MATH}/split`, '["a b"]')).text(), '["a","b"]\n');
  assert.equal(await (await call(jabber, `${MATH}/nothing`, '')).text(), '[]\n');
  const lines = await call(jabber, `${MATH}/split`, '["a b"]', { accept: 'application/x-ndjson' });
  assert.equal(lines.headers.get('content-type'), 'application/x-ndjson');
  assert.equal(await lines.text(), '"a"\n"b"\n');
});

test('an error has problem details with the status of OpenSRF', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  const failed = await call(jabber, `${MATH}/fail`, '[]');
  assert.equal(failed.status, 503);
  assert.equal(failed.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual(await failed.json(), {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'no "more"\n of it',
    osrfStatus: 503,
    osrfClass: 'osrfMethodException',
  });
  const late = await call(jabber, `${MATH}/failLate`, '[]', { accept: 'application/x-ndjson' });
  assert.match(
    await late.text(),
    /^1\n{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"late","osrfStatus":500,"osrfClass":"osrfMethodException"}\n$/,
  );
});

test('a service outside the named patterns counts as absent', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  await jabber.service('secret', { tell: () => 'secret' });
  const [hidden, absent] = await Promise.all([call(jabber, 'secret/tell', '[]'), call(jabber, 'other/tell', '[]')]);
  assert.deepEqual([hidden.status, absent.status], [404, 404]);
  assert.equal(await hidden.text(), await absent.text());
  assert.deepEqual(await (await fetch(webUrl(jabber, '/services'))).json(), { services: [MATH] });
  const off = await startWeb(t);
  assert.equal((await fetch(webUrl(off, '/services'))).status, 404);
});

test('an invalid request is refused with the reason', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  for (const [method, body, headers, status, detail] of [
    [`${MATH}/add`, '{"a":1}', {}, 400, /not an array/],
    [`${MATH}/add`, '[1', {}, 400, /no JSON/],
    [`${MATH}/add`, '['.repeat(100_000), {}, 400, /nested deeper/],
    [`${MATH}/add`, '[1,2]', { 'content-type': 'text/plain' }, 415, /application\/json/],
    [`${MATH}/add`, '[1,2]', { origin: 'http://localhost' }, 415, /application\/json/],
    [`${MATH}/add`, '[1,2]', { origin: 'http://evil.example', 'content-type': 'application/json' }, 403, /origin/],
    [MATH, '[]', {}, 404, /service/],
    [`${MATH}/a/b`, '[]', {}, 404, /service/],
    [`${MATH}/%zz`, '[]', {}, 404, /service/],
  ] as const) {
    const response = await call(jabber, method, body, headers);
    assert.equal(response.status, status, `${method} ${body.slice(0, 10)}`);
    assert.match(((await response.json()) as { detail: string }).detail, detail);
  }
  const page = await call(jabber, `${MATH}/add`, '[1,2]', { origin: 'http://localhost', 'content-type': 'application/json' });
  assert.equal(await page.text(), '3\n');
  assert.equal((await fetch(webUrl(jabber, `/services/${MATH}/add`))).status, 405);
  assert.equal((await fetch(webUrl(jabber, `/services/${MATH}/add`), { method: 'OPTIONS' })).status, 204);
});

test('a status of OpenSRF that is no error of HTTP becomes 502, and the details keep it', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  jabber.fault({ service: MATH, status: 307, text: 'elsewhere' });
  const response = await call(jabber, `${MATH}/add`, '[1,2]');
  assert.equal(response.status, 502);
  const { title, status, osrfStatus } = (await response.json()) as { title: string; status: number; osrfStatus: number };
  assert.deepEqual([title, status, osrfStatus], ['Bad Gateway', 502, 307]);
});

for (const [accept, type] of [
  ['*/*', 'application/json'],
  ['text/html', 'application/json'],
  ['application/json', 'application/json'],
  ['application/x-ndjson', 'application/x-ndjson'],
  ['application/json, application/x-ndjson', 'application/x-ndjson'],
  ['application/json;q=0.5, Application/X-NDJSON; q=0.9', 'application/x-ndjson'],
  ['application/json, application/x-ndjson;q=0.5', 'application/json'],
  ['application/x-ndjson;q=0, */*', 'application/json'],
] as const) {
  test(`the client that accepts ${accept} gets ${type}`, async (t) => {
    const jabber = await startWeb(t, { web: WEB });
    const response = await call(jabber, `${MATH}/split`, '["a b"]', { accept });
    assert.equal(response.headers.get('content-type'), type);
    assert.equal(await response.text(), type === 'application/json' ? '["a","b"]\n' : '"a"\n"b"\n');
  });
}

test('a program may leave the type out, and its language is that of Accept-Language, where * is none', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  const body = '[1,2]';
  const head = `POST /services/${MATH}/add HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n`;
  assert.match(await rawHttp(jabber, `${head}Accept-Language: *\r\n\r\n${body}`), /^HTTP\/1\.1 200 [\s\S]*\n3\n$/);
  assert.match(await rawHttp(jabber, `${head}Accept-Language: cs-CZ,en\r\n\r\n${body}`), /^HTTP\/1\.1 200 /);
  assert.deepEqual(
    jabber.received().map(({ locale }) => locale),
    ['en-US', 'cs-CZ'],
  );
});

test('a page of a listed origin may call without credentials, and learns it from the preflight request', async (t) => {
  const jabber = await startWeb(t, { web: { ...WEB, origins: ['https://ok.example'] } });
  const url = webUrl(jabber, `/services/${MATH}/add`);
  const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://ok.example', 'access-control-request-method': 'POST' } });
  const answer = await call(jabber, `${MATH}/add`, '[1,2]', { origin: 'https://ok.example', 'content-type': 'application/json' });
  for (const { status, headers } of [preflight, answer]) {
    assert.ok(status < 300);
    assert.equal(headers.get('access-control-allow-origin'), 'https://ok.example');
    assert.equal(headers.get('access-control-allow-methods'), 'GET,POST,OPTIONS');
    assert.equal(headers.get('access-control-allow-headers'), 'Content-Type,Accept');
    assert.equal(headers.get('access-control-allow-credentials'), null);
  }
  const foreign = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } });
  assert.equal(foreign.status, 403);
  assert.equal(foreign.headers.get('access-control-allow-origin'), null);
});

test('an offer of HTTP/2 is no WebSocket: the request is answered as one of HTTP/1.1', async (t) => {
  const jabber = await startWeb(t, { web: WEB });
  const offer = 'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n';
  const head = `POST /services/${MATH}/add HTTP/1.1\r\nHost: localhost\r\n${offer}Content-Length: 5\r\n\r\n`;
  assert.match(await rawHttp(jabber, `${head}[1,2]`), /^HTTP\/1\.1 200 [\s\S]*\n3\n$/);
  assert.match(await rawHttp(jabber, `GET / HTTP/1.1\r\nHost: localhost\r\n${offer}\r\n`), /^HTTP\/1\.1 200 /);
});
