import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { ChopChopFixture } from '../server/fixture/fixture.ts';
import { ServiceStatus } from '../server/osrf/service-status.ts';
import type { Tap } from '../server/sessions/taps.ts';
import type { Stanza } from '../shared/stanza.ts';
import { unescapeXml } from '../shared/xml.ts';
import { PATIENT_LIMITS } from './support/server.ts';
import { webUrl } from './support/web-fixture.ts';

// Conversations with the gateways of OpenSRF 3.3.3 on a running site, at our doors: the same answers, and the same message on the bus.

/** One request of such a conversation. */
interface Recorded {
  readonly scenario: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The gateway's output to the service; empty: none. */
  readonly bus: { readonly to: string; readonly body: string };
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer: string;
}

const CONVERSATIONS: readonly Recorded[] = JSON.parse(readFileSync(new URL('../../test/fixtures/gateways/http.json', import.meta.url), 'utf8'));

/** The services of that site, as far as they were asked. */
async function startSite(t: TestContext): Promise<ChopChopFixture> {
  const jabber = await ChopChopFixture.start({
    domains: ['private.localhost', 'public.localhost'],
    web: { ports: [0], user: 'opensrf@public.localhost', crossOrigins: ['example.org'] },
    limits: PATIENT_LIMITS,
    hosts: ['127.0.0.1'],
  });
  t.after(() => jabber.stop());
  await jabber.service('opensrf.math', { add });
  await jabber.service('opensrf.simple-text', {
    'opensrf.simple-text.split': function* (text: string) {
      yield* text.split(' ');
    },
  });
  return jabber;
}

/** Like the C service of OpenSRF's example: no result for parameters other than numbers. */
function add(...params: unknown[]): unknown {
  const [a, b] = params;
  if (a == null || b == null) throw new ServiceStatus(404, 'Not enough params for method add / service opensrf.math');
  return typeof a === 'number' && typeof b === 'number' ? a + b : undefined;
}

interface Message {
  readonly __p: { readonly threadTrace: unknown; readonly type: string; readonly payload: Payload };
}

interface Payload {
  readonly __c: string;
  readonly __p: { readonly statusCode: unknown; readonly content?: unknown };
}

/** Without parts that differ by run or by the service's library. */
function comparable(answer: string): unknown {
  if (answer.startsWith('--')) return comparable(/\n\n(\[.*\])\n\n/s.exec(answer)?.[1] ?? '');
  if (!answer.startsWith('[{"__c":"osrfMessage"')) return answer.replace(/osrfMethodException : [^"]*nosuch[^"]*/, 'osrfMethodException : unknown method');
  return JSON.parse(answer).map(({ __p: { threadTrace, type, payload } }: Message) => {
    const { __c: name, __p: data } = payload;
    return { threadTrace: String(threadTrace), type, name, statusCode: Number(data.statusCode), content: data.content };
  });
}

const plainType = (type: string | null) => (type ?? '').replace('; charset=utf-8', '').replace(/boundary=.*/, '');

/** Records the browsers' messages on the bus. */
function watchBus(t: TestContext, jabber: ChopChopFixture, note: (stanza: Stanza) => void): void {
  const read: Tap['read'] = ({ link }, stanza) => {
    if (link.kind === 'web') note(stanza);
  };
  t.after(jabber.server.watch({ bound() {}, ended() {}, delivered() {}, read }));
}

/** Asks as it was asked. @param worker The one of the last answer, where the recording has another. */
function ask(jabber: ChopChopFixture, { method, url, headers, body }: Recorded, worker: string): Promise<Response> {
  const form = body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const to = headers['X-OpenSRF-to']?.includes('_drone_') ? { 'X-OpenSRF-to': worker } : {};
  return fetch(webUrl(jabber, url), { method, ...(body !== '' && { body }), headers: { ...form, ...headers, ...to } });
}

function checkHeaders(response: Response, { answerHeaders }: Recorded, name: string): void {
  for (const [header, value] of Object.entries(answerHeaders)) {
    const given = response.headers.get(header);
    if (header === 'x-opensrf-from') assert.match(given ?? '', /^opensrf@(?:private|public)\.localhost\/opensrf\.[a-z-]+_drone_/, name);
    else if (header === 'content-type') assert.equal(plainType(given), plainType(value), name);
    else assert.equal(given, value, `${name} ${header}`);
  }
}

test('the recorded conversations with the HTTP gateways come out the same', async (t) => {
  const jabber = await startSite(t);
  let bus = { to: '', body: '' };
  watchBus(t, jabber, ({ to, inner }) => (bus = { to, body: unescapeXml(/<body>(.*)<\/body>/s.exec(inner)?.[1] ?? '') }));
  let worker = '';
  for (const recorded of CONVERSATIONS) {
    const { scenario, url, headers, body, status, answer } = recorded;
    const name = `${scenario}: ${url.slice(0, 80)} ${JSON.stringify(headers)}`;
    bus = { to: '', body: '' };
    const response = await ask(jabber, recorded, worker);
    const text = await response.text();
    worker = response.headers.get('x-opensrf-from') ?? worker;
    assert.equal(response.status, status, name);
    // An error's body is not compared: Apache's page there, a line of text here.
    if (status < 400 && !isBatch(body)) assert.deepEqual(comparable(text), comparable(answer), name);
    checkHeaders(response, recorded, name);
    assert.equal(bus.body, recorded.bus.body, name);
    if (recorded.bus.to.startsWith('router@')) assert.equal(bus.to, recorded.bus.to, name);
  }
});

/** OpenSRF ends a batch of CONNECT, REQUEST, DISCONNECT with the answer to the first; here it gives the result. */
function isBatch(body: string): boolean {
  return body.includes('CONNECT') && body.includes('REQUEST');
}
