import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { ChopChopFixture } from '../server/fixture/fixture.ts';
import { recordingLog } from './support/server.ts';
import { MATH, rawHttp, startWeb, webUrl } from './support/web-fixture.ts';

const PATH = '/osrf-gateway-v1';
const ask = async (jabber: ChopChopFixture, query: string, init: RequestInit = {}) => (await fetch(webUrl(jabber, `${PATH}?${query}`), init)).text();
const echo = `service=${MATH}&method=echo`;

for (const [query, answer] of [
  [`service=${MATH}&method=add&param=2&param=2`, '{"payload":[4],"status":200}'],
  [`service=${MATH}&method=split&param=%22a%20b%20c%22`, '{"payload":["a","b","c"],"status":200}'],
  [`${echo}&param=%7B%22a%22:%5B1,2.5,null,true%5D%7D&param=%22x%22`, '{"payload":[{"a":[1,2.5,null,true]},"x"],"status":200}'],
  [`${echo}&param={"__c":"aou","__p":[1]}`, '{"payload":[{"__c":"aou","__p":[1]}],"status":200}'],
  [`${echo}&param=%22caf%C3%A9%22`, '{"payload":["caf\\u00e9"],"status":200}'],
  [`service=${MATH}&method=nothing`, '{"payload":[],"status":200}'],
  // A plus is not a blank, runs of separators count as one, and the first value of a name counts.
  [`${echo}&param="a+b"&&&param=="c=d"&method=add`, '{"payload":["a+b","c=d"],"status":200}'],
  [`${echo}&=x&param=1`, '{"payload":[null],"status":200}'],
  [`${echo}&param=%zz&param=%7Bbad`, '{"payload":[null,null],"status":200}'],
  [`service=${MATH}&method=fail`, '{"payload":[],"debug": "osrfMethodException : no \\"more\\"\\n of it","status":503}'],
  [`service=${MATH}&method=failLate`, '{"payload":[1],"debug": "osrfMethodException : late","status":500}'],
  ['service=opensrf.nosuch&method=add&param=2', '{"payload":[],"debug": "Internal Server Error : Transport Error","status":404}'],
  [
    `${echo}&param=%7B%22a%22:%5B1,2.5,null,true%5D%7D&format=xml&input_format=json`,
    '<response xmlns="http://opensrf.org/-/namespaces/gateway/v1"><payload><object><element key="a"><array><number>1</number><number>2.500000</number><null/><boolean value="true"/></array></element></object></payload><status>200</status></response>',
  ],
  [
    `${echo}&param=%5B2147483648,-1,1e21,-1.5e300%5D&format=xml&input_format=json`,
    `<response xmlns="http://opensrf.org/-/namespaces/gateway/v1"><payload><array><number>2147483648.000000</number><number>-1</number><number>1000000000000000000000.000000</number><number>${BigInt(-1.5e300)}.000000</number></array></payload><status>200</status></response>`,
  ],
  [
    `service=${MATH}&method=fail&format=xml`,
    '<response xmlns="http://opensrf.org/-/namespaces/gateway/v1"><payload></payload><debug>"osrfMethodException : no \\"more\\"\\n of it"</debug><status>503</status></response>',
  ],
  [
    `${echo}&input_format=xml&format=json&param=<object><element key="a%26amp;b"><array><number>1</number><null/><string>x%26lt;</string></array></element></object>&param=<string/>&param=text&param=<boolean value="true" class_hint="b"/>`,
    '{"payload":[{"a&b":[1,null,"x<"]},"",null,{"__c":"b","__p":true}],"status":200}',
  ],
] as const) {
  test(`the JSON gateway answers ${query.slice(0, 100)}`, async (t) => {
    assert.equal(await ask(await startWeb(t), query), answer);
  });
}

test('an unknown method gets its status as text, always with HTTP 200', async (t) => {
  const jabber = await startWeb(t);
  const response = await fetch(webUrl(jabber, `${PATH}?service=${MATH}&method=nosuch&param=2`));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
  const answer = await response.text();
  assert.match(answer, /^{"payload":\[\],"debug": "osrfMethodException : .*nosuch.*","status":404}$/);
  assert.equal(response.headers.get('content-length'), String(answer.length));
});

test('a POST has parameters in its body, after those of the query', async (t) => {
  const jabber = await startWeb(t);
  const post = (query: string, body: string) => ask(jabber, query, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.equal(await post('', `service=${MATH}&method=add&param=2&param=2`), '{"payload":[4],"status":200}');
  assert.equal(await post(`service=${MATH}`, 'method=add&param=2&param=3'), '{"payload":[5],"status":200}');
  assert.equal(await post(`service=${MATH}&method=add&param=1&param=1`, ''), '{"payload":[2],"status":200}');
});

test('without a service or a method there is nothing: 404', async (t) => {
  const jabber = await startWeb(t);
  for (const query of ['method=add', `service=${MATH}`, '', `${echo}${'&param=1'.repeat(1_001)}`]) {
    assert.equal((await fetch(webUrl(jabber, `${PATH}?${query}`))).status, 404, query.slice(0, 50));
  }
  assert.equal((await fetch(webUrl(jabber, PATH), { method: 'DELETE' })).status, 405);
});

test('a request without an answer in time gets status 408, and the gateway drops the late answer', async (t) => {
  const jabber = await startWeb(t);
  let answer: (value: string) => void = () => {};
  await jabber.service('opensrf.slow', { wait: () => new Promise<string>((resolve) => (answer = resolve)), quick: () => 'quick' });
  assert.equal(await ask(jabber, 'service=opensrf.slow&method=wait&timeout=1'), '{"payload":[],"debug": "Timeout Error : Request Timeout","status":408}');
  answer('late');
  assert.equal(await ask(jabber, `service=${MATH}&method=add&param=1&param=2`), '{"payload":[3],"status":200}');
});

test('each result is sent as soon as it arrives', async (t) => {
  const jabber = await startWeb(t);
  let goOn: () => void = () => {};
  await jabber.service('opensrf.stream', {
    two: {
      async *handle(request: { flush(): void }) {
        yield 1;
        request.flush();
        await new Promise<void>((resolve) => (goOn = resolve));
        yield 2;
      },
    },
  } as never);
  const request = httpGet(webUrl(jabber, `${PATH}?service=opensrf.stream&method=two`));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [first] = await once(response, 'data');
  assert.equal(String(first), '{"payload":[1');
  goOn();
  const [second] = await once(response, 'data');
  assert.equal(String(second), ',2],"status":200}');
});

test('the locale is that of the parameter, else of a header, up to the first comma', async (t) => {
  const jabber = await startWeb(t);
  const locales: string[] = [];
  const seen = async (query: string, headers: Record<string, string>) => {
    await ask(jabber, `service=${MATH}&method=add${query}`, { headers });
    locales.push(jabber.received({ method: 'add' }).at(-1)?.locale ?? '');
  };
  await seen('&locale=fr-CA', { 'x-opensrf-language': 'cs-CZ' });
  await seen('', { 'x-opensrf-language': 'cs-CZ,en', 'accept-language': 'de' });
  await seen('', { 'accept-language': 'de-CH;q=0.7,de' });
  assert.deepEqual(locales, ['fr-CA', 'cs-CZ', 'de-CH;q=0.7']);
  const [request] = jabber.received({ method: 'add' });
  assert.equal(request?.ingress, 'gateway-v1');
  assert.equal(request?.apiLevel, 1);
});

test('pages of listed origins may read answers, others get no headers', async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], crossOrigins: ['good.example'] } });
  const url = webUrl(jabber, `${PATH}?service=${MATH}&method=add&param=1&param=2`);
  const good = await fetch(url, { headers: { origin: 'http://good.example' } });
  assert.equal(good.headers.get('access-control-allow-origin'), 'http://good.example');
  assert.equal(good.headers.get('access-control-allow-methods'), 'POST,OPTIONS');
  assert.match(good.headers.get('access-control-expose-headers') ?? '', /^X-OpenSRF-to,X-OpenSRF-xid,/);
  const other = await fetch(url, { headers: { origin: 'http://evil.example' } });
  assert.equal(other.headers.get('access-control-allow-origin'), null);
  const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://good.example' } });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get('access-control-allow-origin'), 'http://good.example');
});

test('a call is one line of the activity log, with token and locale, and secrets of protected methods are in none', async (t) => {
  const log = recordingLog();
  const jabber = await startWeb(t, { log, logProtect: ['ech'] });
  await ask(jabber, `service=${MATH}&method=add&param=2&param=%202`, { headers: { 'x-oils-authtoken': 'tok' } });
  await ask(jabber, `${echo}&param="secret"`, { headers: { 'x-oils-authtoken': 'tok' } });
  const lines = log.lines.filter(({ fields }) => fields['part'] === 'activity').map(({ message }) => message);
  assert.deepEqual(lines, [`[127.0.0.1] [tok] [en-US] ${MATH} add 2,  2`, `[127.0.0.1] [] [en-US] ${MATH} echo **PARAMS REDACTED**`]);
});

test('a browser that disconnects abandons its request, and requests beyond the limit get 503', async (t) => {
  const jabber = await startWeb(t, { limits: { webRequests: 1 } });
  await jabber.service('opensrf.slow', { wait: () => new Promise<never>(() => {}) });
  const gone = new AbortController();
  const first = ask(jabber, 'service=opensrf.slow&method=wait', { signal: gone.signal });
  await jabber.waitForRequest({ method: 'wait' });
  assert.equal((await fetch(webUrl(jabber, `${PATH}?service=${MATH}&method=add`))).status, 503);
  const ended = new Promise<void>((resolve) => {
    t.after(jabber.server.watch({ bound() {}, read() {}, delivered() {}, ended: ({ link }) => link.kind === 'web' && resolve() }));
  });
  gone.abort();
  await assert.rejects(first);
  await ended;
  assert.equal(await ask(jabber, `service=${MATH}&method=add&param=1&param=2`), '{"payload":[3],"status":200}');
});

test('requests sent one behind the other on one connection are answered in order, however long one takes', async (t) => {
  const jabber = await startWeb(t, { limits: { webIdleMs: 1 } });
  await jabber.service('opensrf.slow', { wait: () => new Promise((resolve) => void setTimeout(resolve, 1_500, 'slow')) });
  const get = (query: string, more = '') => `GET ${PATH}?${query} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const answer = await rawHttp(jabber, get(`service=${MATH}&method=add&param=1&param=2`) + get('service=opensrf.slow&method=wait'));
  assert.match(answer, /{"payload":\[3\],"status":200}[\s\S]*{"payload":\["slow"\],"status":200}$/);
});

test('a server that stops answers the requests it has taken, and takes no more', async (t) => {
  const jabber = await startWeb(t, { web: { ports: [0], services: ['*'] } });
  let answer: (value: string) => void = () => {};
  const waiting = new Promise<string>((resolve) => (answer = resolve));
  await jabber.service('opensrf.slow', { wait: () => waiting });
  const asked = [
    ask(jabber, 'service=opensrf.slow&method=wait'),
    fetch(webUrl(jabber, '/services/opensrf.slow/wait'), { method: 'POST', headers: { 'content-type': 'application/json' } }).then((response) =>
      response.text(),
    ),
  ];
  while (jabber.received({ method: 'wait' }).length < 2) await new Promise(setImmediate);
  const url = webUrl(jabber, PATH);
  const stopped = jabber.server.stop();
  await assert.rejects(fetch(url), /fetch failed/);
  answer('done');
  assert.deepEqual(await Promise.all(asked), ['{"payload":["done"],"status":200}', '"done"\n']);
  await stopped;
});

test('a server that stops waits for an answer no longer than webDrainMs', async (t) => {
  const jabber = await startWeb(t, { limits: { webDrainMs: 1 } });
  await jabber.service('opensrf.slow', { wait: () => new Promise<never>(() => {}) });
  const asked = fetch(webUrl(jabber, `${PATH}?service=opensrf.slow&method=wait`));
  await jabber.waitForRequest({ method: 'wait' });
  await jabber.server.stop();
  assert.equal((await asked).status, 503);
});
