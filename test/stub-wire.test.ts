import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type StubOptions, startChopChop } from '../server/index.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { unescapeXml } from '../shared/xml.ts';
import { attribute, cRequest, requestBody, sessionBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';

// The recorded answers of OpenSRF 3.3's C services to the same requests.
const HEAD = '"locale":"en-US","api_level":1';
const recorded = (threadTrace: string, type: string, payload: string) =>
  `{"__c":"osrfMessage","__p":{"threadTrace":"${threadTrace}",${HEAD},"type":"${type}","payload":${payload}}}`;
const resultOf = (threadTrace: string, content: string) =>
  recorded(threadTrace, 'RESULT', `{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":${content}}}`);
const statusOf = (threadTrace: string, payloadClass: string, status: string, code: number) =>
  recorded(threadTrace, 'STATUS', `{"__c":"${payloadClass}","__p":{"status":"${status}","statusCode":"${code}"}}`);
const partOf = (threadTrace: string, content: string) =>
  recorded(threadTrace, 'RESULT', `{"__c":"osrfResultPartial","__p":{"status":"Partial Response","statusCode":"206","content":${content}}}`);
const COMPLETE = statusOf('1', 'osrfConnectStatus', 'Request Complete', 205);

async function start(t: TestContext, options: StubOptions = {}) {
  const jabber = await startChopChop();
  t.after(() => jabber.stop());
  const methods = { add: (a: number, b: number) => a + b, echo: (text: string) => text, never: () => new Promise(() => {}) };
  const stub = await jabber.service('opensrf.math', methods, options);
  const peer = await (await Peer.connect(t, jabber.addresses[0] as BoundAddress)).login('opensrf', 'localhost', 'raw');
  const ask = (body: string, to = 'router@localhost/opensrf.math', thread = '1795349816.329567.179534981620361') =>
    peer.send(cRequest(to, '', thread, body, '1795349816203610'));
  return { jabber, stub, peer, ask };
}

function bodyOf(stanza: string): string {
  return unescapeXml(/<body>([\s\S]*)<\/body>/.exec(stanza)?.[1] ?? '');
}

test('a stub answers a C client in the words of a C service', async (t) => {
  const { peer, ask, stub } = await start(t);
  ask(requestBody('add', [2, 3]));
  const answer = await peer.message();
  assert.equal(bodyOf(answer), `[${resultOf('1', '5')},${COMPLETE}]`);
  assert.match(answer, /<thread>1795349816\.329567\.179534981620361<\/thread>/);
  assert.equal(attribute(answer, 'osrf_xid'), '1795349816203610');
  assert.equal(attribute(answer, 'router_from'), '');
  assert.ok(stub.workers.includes(attribute(answer, 'from')), 'the worker answers, not the listener');
  ask(requestBody('nosuch', [1]));
  assert.equal(bodyOf(await peer.message()), `[${statusOf('1', 'osrfMethodException', 'Method [nosuch] not found for service opensrf.math', 404)}]`);
});

test('a session begins, goes on and ends as with a C service', async (t) => {
  const { peer, ask } = await start(t, { keepaliveMs: 1_000 });
  ask(sessionBody('CONNECT'));
  const connected = await peer.message();
  assert.equal(bodyOf(connected), `[${statusOf('0', 'osrfConnectStatus', 'Connection Successful', 200)}]`);
  const worker = attribute(connected, 'from');
  ask(requestBody('add', [2, 3]), worker);
  const answer = await peer.message();
  assert.deepEqual([bodyOf(answer), attribute(answer, 'from')], [`[${resultOf('1', '5')},${COMPLETE}]`, worker]);
  const timedOut = await peer.message();
  assert.deepEqual([bodyOf(timedOut), attribute(timedOut, 'from')], [`[${statusOf('0', 'osrfConnectStatus', 'Disconnected on timeout', 408)}]`, worker]);
});

test('a large result is cut where a C service cuts it', async (t) => {
  const { peer, ask } = await start(t);
  ask(requestBody('echo', ['x'.repeat(60_000)]));
  const bodies: string[] = [];
  for (let count = 0; count < 4; count++) bodies.push(bodyOf(await peer.message()));
  const [first, second, third, last] = bodies;
  const pieces = [first, second].map((body) => JSON.parse(body as string)[0].__p.payload.__p.content as string);
  assert.equal(pieces.join(''), `"${'x'.repeat(60_000)}"`);
  assert.deepEqual(
    [first, second],
    pieces.map((piece) => `[${partOf('1', JSON.stringify(piece))}]`),
  );
  const finalized = '{"__c":"osrfResultPartialComplete","__p":{"status":"Partial Response Finalized","statusCode":"204","content":null}}';
  assert.deepEqual([third, last], [`[${recorded('1', 'RESULT', finalized)}]`, `[${COMPLETE}]`]);
});

test('the listener reports a full backlog for request 1, regardless of the request', async (t) => {
  const { jabber, peer, ask, stub } = await start(t, { maxWorkers: 1, maxBacklog: 0 });
  ask(sessionBody('CONNECT'), undefined, 'holds the only worker');
  assert.match(await peer.message(), /Connection Successful/);
  ask(requestBody('add', [1, 1], '7'));
  const refused = await peer.message();
  const text = 'Service unavailable: no available children and backlog queue at limit';
  assert.equal(bodyOf(refused), `[${statusOf('1', 'osrfMethodException', text, 503)}]`);
  assert.equal(attribute(refused, 'from'), stub.listener);
  assert.equal(jabber.received()[0]?.state, 'refused');
});
