import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ExchangeLimits } from '../server/conversations/bounded-exchanges.ts';
import type { Exchange } from '../server/conversations/exchange.ts';
import { type ExchangeObserver, ExchangeTap } from '../server/conversations/exchange-tap.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { OsrfService } from '../server/osrf/service.ts';
import type { Stanza } from '../shared/stanza.ts';
import { attribute, cRequest, requestBody, resultBody, sessionBody, statusBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const LOGIN = { domain: DOMAIN, username: 'opensrf', password: 'password' } as const;
const MATH = `router@${DOMAIN}/opensrf.math`;

/** The calls of an observer, one line each, and the exchanges by number. */
function recordingObserver() {
  const events: string[] = [];
  const exchanges = new Map<number, Exchange>();
  const record = (event: string) => (exchange: Exchange) => {
    exchanges.set(exchange.number, exchange);
    events.push(`${event} ${exchange.number}`);
  };
  const observer: ExchangeObserver = {
    asked: record('asked'),
    handed: record('handed'),
    answered: record('answered'),
    ended: record('ended'),
    unasked: (kind) => void events.push(kind),
  };
  return { events, exchanges, observer, get: (number: number) => exchanges.get(number) as Exchange };
}

async function watched(t: TestContext, limits?: ExchangeLimits) {
  const { server, address } = await startServer(t);
  const seen = recordingObserver();
  // Many readings in one millisecond of the wall clock, which has no fractions.
  let now = 1_000;
  const time = { now: () => (now += 0.001), wallTime: () => 1_700_000_000_000 + Math.floor(now) };
  const routers = new Set([...server.routers.keys()].map((domain) => `router@${domain}`));
  const tap = new ExchangeTap({ routers, observer: seen.observer, time, ...(limits && { limits }) });
  t.after(server.watch(tap));
  return { server, address, tap, ...seen };
}

const methods = { add: (a: number, b: number) => a + b, large: () => 'x'.repeat(60_000), none: () => undefined };

async function startMath(address: { host: string; port: number }): Promise<OsrfService> {
  const service = await OsrfService.start({ ...LOGIN, ...address, service: 'opensrf.math', workers: 1, methods });
  await service.listener.settled();
  return service;
}

test('a stateless request is followed from its client over the listener to the end of its answer', async (t) => {
  const { address, tap, events, get } = await watched(t);
  const service = await startMath(address);
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'client' });
  await client.request('opensrf.math', 'add', 2, 3);
  assert.deepEqual(events, ['asked 1', 'handed 1', 'answered 1', 'answered 1', 'ended 1']);
  const { thread, transactionId, ...rest } = get(1);
  assert.match(thread, /^\d/);
  assert.match(transactionId, /^\d+$/);
  assert.deepEqual(
    { type: rest.type, client: rest.client, to: rest.to, service: rest.service, method: rest.method, params: rest.params, threadTrace: rest.threadTrace },
    { type: 'REQUEST', client: client.jid, to: MATH, service: 'opensrf.math', method: 'add', params: [2, 3], threadTrace: '1' },
  );
  assert.equal(rest.listener, service.listener.jid);
  assert.equal(rest.worker, service.workers[0]?.jabber.jid);
  assert.deepEqual(
    { results: rest.results, state: rest.state, statusCode: rest.statusCode, handOvers: rest.handOvers },
    { results: [5], state: 'complete', statusCode: 205, handOvers: 1 },
  );
  assert.ok(rest.askedAt < rest.handedAt && rest.handedAt < rest.firstAnswerAt && rest.firstAnswerAt < rest.endedAt);
  assert.deepEqual(tap.unanswered(), []);
});

test('the requests of a connected session belong to its service, though the client sends them directly to the worker', async (t) => {
  const { address, events, get } = await watched(t);
  const service = await startMath(address);
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'client' });
  const session = client.session('opensrf.math');
  const worker = await session.connect();
  await session.request('add', 1, 1);
  session.disconnect();
  await session.request('add', 2, 2);
  assert.deepEqual(
    [1, 2, 3].map((number) => [get(number).type, get(number).to, get(number).service, get(number).listener, get(number).state]),
    [
      ['CONNECT', MATH, 'opensrf.math', service.listener.jid, 'complete'],
      ['REQUEST', worker, 'opensrf.math', '', 'complete'],
      ['REQUEST', MATH, 'opensrf.math', service.listener.jid, 'complete'],
    ],
  );
  assert.equal(events.filter((event) => event.startsWith('ended')).length, 3);
});

test('pieces are joined; a status of 300 or more, a bounce and an answer of the router set the state', async (t) => {
  const { address, get } = await watched(t);
  await startMath(address);
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'client' });
  await client.request('opensrf.math', 'large');
  await client.request('opensrf.math', 'none');
  await assert.rejects(client.request('opensrf.math', 'nosuch'));
  await assert.rejects(client.request('absent', 'method'));
  await assert.rejects(client.session('absent').connect());
  await client.request('router', 'opensrf.router.info.class.list');
  assert.deepEqual(get(1).results, ['x'.repeat(60_000)]);
  assert.deepEqual([get(2).results, get(2).state], [[], 'complete']);
  assert.deepEqual([get(3).state, get(3).statusCode, get(3).status], ['refused', 404, 'Method [nosuch] not found for service opensrf.math']);
  assert.deepEqual([get(4).state, get(4).statusCode, get(4).handOvers], ['refused', 404, 0]);
  assert.deepEqual([get(5).type, get(5).state, get(5).statusCode, get(5).worker], ['CONNECT', 'bounced', 503, `router@${DOMAIN}/absent`]);
  assert.deepEqual([get(6).service, get(6).results, get(6).worker], ['router', [['opensrf.math']], `router@${DOMAIN}/router`]);
});

test('requests on one thread at the same time keep their own listeners and answers', async (t) => {
  const { address, get, tap } = await watched(t);
  const [first, second] = [await RawProgram.listen(t, address, 'opensrf.math'), await RawProgram.listen(t, address, 'opensrf.math')];
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const jid = `opensrf@${DOMAIN}/client`;
  // The listeners have asked the router whether they are registered.
  const asked = 2;
  for (const number of ['1', '2']) client.send(cRequest(MATH, jid, 'a&amp;b', requestBody('add', [number], number)));
  await first.asked();
  await second.asked();
  const listened = [1, 2].map((number) => get(number + asked).listener);
  assert.deepEqual(listened, [first.jid, second.jid]);
  second.peer.send(cRequest(jid, second.jid, 'a&amp;b', resultBody('two', '2')));
  first.peer.send(cRequest(jid, first.jid, 'a&amp;b', resultBody('one', '1')));
  await client.message();
  await client.message();
  assert.deepEqual(
    [1, 2].map((number) => [get(number + asked).thread, get(number + asked).worker, get(number + asked).results]),
    [
      ['a&b', first.jid, ['one']],
      ['a&b', second.jid, ['two']],
    ],
  );
  const [one, two] = [get(1 + asked), get(2 + asked)];
  const times = [one.askedAt, one.handedAt, two.askedAt, two.handedAt, two.firstAnswerAt, one.firstAnswerAt];
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
    'one order for both',
  );
  assert.equal(new Set(times).size, times.length);
  assert.deepEqual(tap.unanswered(), []);
});

test("a full listener's 503 for request 1 ends the only request of a session, and none of several", async (t) => {
  const { address, tap } = await watched(t);
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const open = () => tap.unanswered().map(({ threadTrace }) => threadTrace);
  const ask = async (threadTrace: string) => {
    client.send(cRequest(MATH, '', 'thread', requestBody('add', [], threadTrace)));
    await listener.asked();
  };
  const refuse = async () => {
    listener.peer.send(cRequest(`opensrf@${DOMAIN}/client`, '', 'thread', statusBody('Service Unavailable', '503', '1')));
    await client.message();
  };
  await ask('2');
  await refuse();
  assert.deepEqual(open(), []);
  await ask('3');
  await ask('4');
  await refuse();
  assert.deepEqual(open(), ['3', '4']);
  client.send('</stream:stream>');
  await client.closed();
  assert.deepEqual(open(), []);
});

test('open requests of a client that leaves are abandoned; beyond the limit the oldest are forgotten first', async (t) => {
  const { address, get, tap, events } = await watched(t, { exchanges: 2, bytes: 13_000 });
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  events.length = 0;
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const ask = async (thread: string, param: string) => {
    client.send(cRequest(MATH, '', thread, requestBody('add', [param])));
    await listener.asked();
  };
  await ask('one', 'a');
  await ask('two', 'b');
  await ask('three', 'c');
  assert.deepEqual(
    tap.unanswered().map(({ thread }) => thread),
    ['two', 'three'],
  );
  await ask('four', 'x'.repeat(9_900));
  assert.deepEqual(
    tap.unanswered().map(({ thread }) => thread),
    ['four'],
  );
  client.send('</stream:stream>');
  await client.closed();
  assert.deepEqual(tap.unanswered(), []);
  const states = events.filter((event) => event.startsWith('ended')).map((event) => get(Number(event.slice(6))).state);
  assert.deepEqual(states, ['forgotten', 'forgotten', 'forgotten', 'abandoned']);
});

test('a session whose CONNECT was forgotten keeps its service, and its answers are not late ones', async (t) => {
  const { address, events, exchanges } = await watched(t, { exchanges: 1, bytes: 1_000_000 });
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  events.length = 0;
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const jid = `opensrf@${DOMAIN}/client`;
  client.send(cRequest(MATH, jid, 'session', sessionBody('CONNECT')));
  await listener.asked();
  client.send(cRequest(MATH, jid, 'other', requestBody('add')));
  await listener.asked();
  listener.peer.send(cRequest(jid, listener.jid, 'session', statusBody('Connection Successful', '200', '0')));
  await client.message();
  client.send(cRequest(listener.jid, jid, 'session', requestBody('add', [1, 2])));
  await listener.asked();
  const { service, thread, type } = [...exchanges.values()].at(-1) as Exchange;
  assert.deepEqual([service, thread, type], ['opensrf.math', 'session', 'REQUEST']);
  assert.ok(!events.includes('late'), events.join());
});

test('a worker ends a silent session without naming a request; the next request goes to the router', async (t) => {
  const { address, get } = await watched(t);
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  const client = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'client');
  const jid = `opensrf@${DOMAIN}/client`;
  client.send(cRequest(MATH, jid, 'session', sessionBody('CONNECT')));
  await listener.asked();
  listener.peer.send(cRequest(jid, listener.jid, 'session', statusBody('Connection Successful', '200', '0')));
  await client.message();
  listener.peer.send(cRequest(jid, listener.jid, 'session', statusBody('Disconnected on timeout', '408', '0')));
  assert.equal(attribute(await client.message(), 'from'), listener.jid);
  client.send(cRequest(MATH, jid, 'session', requestBody('add')));
  await listener.asked();
  const [connect, request] = [...Array(3).keys()].map((index) => get(index + 1)).filter((exchange) => exchange?.service === 'opensrf.math');
  assert.deepEqual([connect?.type, connect?.state, request?.type, request?.state], ['CONNECT', 'complete', 'REQUEST', 'open']);
});

test('sessions that clients abandoned without a DISCONNECT are forgotten, the oldest first', async (t) => {
  const { address, tap } = await watched(t, { exchanges: 3, bytes: 1_000_000 });
  const worker = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'worker');
  const client = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'client');
  const threads = ['a', 'b', 'c', 'd', 'e'];
  for (const thread of threads) {
    client.send(cRequest('opensrf@private.localhost/worker', '', thread, sessionBody('CONNECT')));
    await worker.message();
    worker.send(cRequest('opensrf@private.localhost/client', '', thread, statusBody('Connection Successful', '200', '0')));
    await client.message();
  }
  const followed = threads.filter((thread) => tap.follows({ from: 'opensrf@private.localhost/client', thread } as Stanza));
  assert.deepEqual(followed, ['c', 'd', 'e']);
});
