import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChopChopFixture } from '../server/fixture/fixture.ts';
import { MATH, startWeb, webUrl } from './support/web-fixture.ts';

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
  assert.deepEqual(await failed.json(), { type: 'about:blank', title: 'osrfMethodException', status: 503, detail: 'no "more"\n of it' });
  const late = await call(jabber, `${MATH}/failLate`, '[]', { accept: 'application/x-ndjson' });
  assert.match(await late.text(), /^1\n{"type":"about:blank","title":"osrfMethodException","status":500,"detail":"late"}\n$/);
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
