import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ChopChop } from '../server/compose/chopchop.ts';
import type { ConfigInput } from '../server/config/config.ts';
import { attribute, cRequest, registration, requestBody, resultBody, sessionBody } from './support/osrf.ts';
import { eventually } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const ROUTER = `router@${DOMAIN}/router`;
const CSLOW = `router@${DOMAIN}/opensrf.cslow`;
const GRACE_MS = 50;

async function setUp(t: TestContext, router: ConfigInput['router'] = {}, limits: ConfigInput['limits'] = {}) {
  const started = await startServer(t, { domains: [DOMAIN], router: { lossGraceMs: GRACE_MS, ...router }, limits });
  const login = async (resource: string) => (await Peer.connect(t, started.address)).login('opensrf', DOMAIN, resource);
  const client = await login('client');
  /** Resolves when the router has read all that was said before. */
  const settled = async (peer: Peer, resource: string) => {
    peer.send(cRequest(ROUTER, `opensrf@${DOMAIN}/${resource}`, 'settled', requestBody('opensrf.router.info.class.list')));
    await peer.expect(/<thread>settled<\/thread>[\s\S]*Request Complete[\s\S]*?<\/message>/);
  };
  const listen = async (resource: string) => {
    const listener = await login(resource);
    listener.send(registration('register', ROUTER, `opensrf@${DOMAIN}/${resource}`, 'opensrf.cslow'));
    await settled(listener, resource);
    return listener;
  };
  const ask = (thread: string, body = requestBody('wait', [1])) => client.send(cRequest(CSLOW, `opensrf@${DOMAIN}/client`, thread, body, `xid-${thread}`));
  return { ...started, login, client, listen, ask, settled };
}

const NUMBERS = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

const threadOf = (stanza: string) => /<thread>(.*)<\/thread>/.exec(stanza)?.[1] ?? '';

/** Waits until the router has handed this many requests to a listener. */
async function handedOver(server: ChopChop, listener: string, count: number): Promise<void> {
  const node = server.routers.get(DOMAIN)?.classes.get('opensrf.cslow')?.nodes.get(`opensrf@${DOMAIN}/${listener}`);
  while ((node?.count ?? 0) < count) await new Promise((resolve) => setImmediate(resolve));
}

function killed(peer: Peer): void {
  peer.stream.destroy();
}

/** Lets time pass in steps: the server waits in rounds of its event loop. */
function pass(t: TestContext, time: number): void {
  for (let ms = 0; ms < time; ms++) t.mock.timers.tick(1);
}

test('one of two listeners is killed in a burst of ten: none is lost, its five are answered with status 503', async (t) => {
  const { client, listen, ask } = await setUp(t);
  const doomed = await listen('doomed');
  const other = await listen('other');
  for (const number of NUMBERS) ask(number);
  for (const _ of [1, 2, 3, 4, 5]) await doomed.message();
  killed(doomed);
  const answered: string[] = [];
  for (const _ of [1, 2, 3, 4, 5]) {
    const request = await other.message();
    other.send(cRequest(attribute(request, 'router_from'), '', threadOf(request), resultBody('done')));
  }
  for (const _ of NUMBERS) answered.push(await client.message());
  assert.deepEqual(answered.map(threadOf).sort(), NUMBERS);
  const refused = answered.filter((stanza) => stanza.includes('"statusCode":"503"'));
  assert.deepEqual(refused.map(threadOf), ['0', '2', '4', '6', '8']);
  for (const stanza of refused) {
    assert.equal(attribute(stanza, 'from'), CSLOW);
    assert.equal(attribute(stanza, 'osrf_xid'), `xid-${threadOf(stanza)}`);
  }
});

test('the last listener is killed in a burst of ten: every client gets status 503 after the grace period', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { client, listen, ask, server, settled } = await setUp(t);
  const doomed = await listen('doomed');
  for (const number of NUMBERS) ask(number);
  for (const _ of NUMBERS) await doomed.message();
  killed(doomed);
  await eventually(() => server.sessionCount === 1, 'the session of the listener has ended');
  pass(t, GRACE_MS - 1);
  await settled(client, 'client');
  assert.doesNotMatch(client.transcript, /"statusCode":"503"/);
  t.mock.timers.tick(1);
  const answered: string[] = [];
  for (const _ of NUMBERS) answered.push(await client.message());
  assert.deepEqual(answered.map(threadOf), NUMBERS);
  for (const stanza of answered) assert.match(stanza, /"osrfMethodException".*lost its listener","statusCode":"503"/);
  assert.equal(server.routers.get(DOMAIN)?.classes.size, 0);
});

test('a CONNECT whose listener is lost bounces, the only answer that the libraries understand', async (t) => {
  const { client, listen, ask } = await setUp(t);
  const doomed = await listen('doomed');
  ask('c', sessionBody('CONNECT'));
  await doomed.message();
  killed(doomed);
  const bounced = await client.message();
  assert.equal(attribute(bounced, 'type'), 'error');
  assert.equal(attribute(bounced, 'from'), CSLOW);
  assert.match(bounced, /"type":"CONNECT".*<error code='503' type='cancel'><service-unavailable /);
});

test('an answer of a worker within the grace period counts', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { server, client, listen, ask, login } = await setUp(t);
  const doomed = await listen('doomed');
  const worker = await login('drone');
  ask('1');
  ask('2');
  await doomed.message();
  await doomed.message();
  killed(doomed);
  await eventually(() => server.sessionCount === 2, 'the session of the listener has ended');
  worker.send(cRequest(`opensrf@${DOMAIN}/client`, '', '1', resultBody('in time')));
  assert.match(await client.message(), /in time/);
  pass(t, GRACE_MS);
  assert.match(await client.message(), /<thread>2<\/thread>.*"statusCode":"503"/);
  assert.equal(client.received, '');
});

test('unwritten requests of a listener go to the next one, in order, and get no error', async (t) => {
  const { client, listen, ask, server } = await setUp(t, {}, { stalledAfterMs: 3_600_000, stalledBytes: 2 ** 30 });
  const stopped = await listen('stopped');
  stopped.stream.pause();
  // More than the kernel buffers for a peer that does not read, so that most of it stays in the server.
  const large = requestBody('wait', ['x'.repeat(200_000)]);
  const threads = Array.from({ length: 100 }, (_, index) => `large-${index}`);
  for (const thread of threads) ask(thread, large);
  await handedOver(server, 'stopped', threads.length);
  const other = await listen('other');
  killed(stopped);
  const answered: string[] = [];
  const handedOn: string[] = [];
  const collect = async (peer: Peer, into: string[]) => {
    while (answered.length + handedOn.length < threads.length) into.push(threadOf(await peer.message()));
  };
  await Promise.race([collect(client, answered), collect(other, handedOn)]);
  assert.ok(handedOn.length > 50, `only ${handedOn.length} were handed on`);
  assert.deepEqual([...answered, ...handedOn], threads, 'the first were written and are answered, the rest is handed on, all in order');
});

test('--on-listener-loss reroute hands unanswered requests to another listener', async (t) => {
  const { client, listen, ask } = await setUp(t, { onListenerLoss: 'reroute' });
  const doomed = await listen('doomed');
  ask('1');
  ask('2');
  await doomed.message();
  await doomed.message();
  const other = await listen('other');
  killed(doomed);
  assert.equal(threadOf(await other.message()), '1');
  const second = await other.message();
  assert.equal(threadOf(second), '2');
  assert.equal(attribute(second, 'router_from'), `opensrf@${DOMAIN}/client`);
  assert.equal(client.received, '');
});

test('--on-listener-loss reroute gives a request to at most three listeners, because the request itself may crash them', async (t) => {
  const { client, listen, ask } = await setUp(t, { onListenerLoss: 'reroute' });
  const listeners = [];
  for (const name of ['a', 'b', 'c', 'd']) listeners.push(await listen(name));
  ask('deadly');
  for (const listener of listeners.slice(0, 3)) {
    assert.equal(threadOf(await listener.message()), 'deadly');
    killed(listener);
  }
  assert.match(await client.message(), /<thread>deadly<\/thread>.*"statusCode":"503"/);
  assert.equal(listeners[3]?.received, '');
});

test('--on-listener-loss reroute without another listener answers with status 503', async (t) => {
  const { client, listen, ask } = await setUp(t, { onListenerLoss: 'reroute' });
  const doomed = await listen('doomed');
  ask('1');
  await doomed.message();
  killed(doomed);
  assert.match(await client.message(), /"statusCode":"503"/);
});

test('a request handed to a client on the thread of its own request is not an answer to that', async (t) => {
  const { login, client, listen, ask, settled } = await setUp(t);
  const doomed = await listen('doomed');
  ask('thread');
  await doomed.message();
  client.send(registration('register', ROUTER, `opensrf@${DOMAIN}/client`, 'opensrf.other'));
  await settled(client, 'client');
  const other = await login('other');
  other.send(cRequest(`router@${DOMAIN}/opensrf.other`, '', 'thread', requestBody('m')));
  assert.match(await client.message(), /router_from=['"]opensrf@[^'"]*\/other['"].*<thread>thread</);
  killed(doomed);
  assert.match(await client.message(), /<thread>thread<.*"statusCode":"503"/);
});

test('--on-listener-loss ignore leaves the client waiting', async (t) => {
  const { client, listen, ask, settled } = await setUp(t, { onListenerLoss: 'ignore', lossGraceMs: 0 });
  const doomed = await listen('doomed');
  ask('1');
  await doomed.message();
  killed(doomed);
  const next = await listen('next');
  ask('2');
  await next.message();
  await settled(client, 'client');
  assert.doesNotMatch(client.transcript, /"statusCode":"503"|<thread>1</);
});

test('the bounce of a lost request has the status of an absent service with --absent-service bounce', async (t) => {
  const { client, listen, ask } = await setUp(t, { absentService: 'bounce' });
  const doomed = await listen('doomed');
  ask('1');
  await doomed.message();
  killed(doomed);
  assert.match(await client.message(), /^<message [^>]*type='error'.*<error code='503'/);
});

test('a listener that closes its stream leaves its classes in the same turn', async (t) => {
  const { client, listen, ask, server } = await setUp(t);
  const leaving = await listen('leaving');
  leaving.send('</stream:stream>');
  await leaving.closed();
  ask('1');
  assert.match(await client.message(), /"statusCode":"404"/);
  assert.equal(server.routers.get(DOMAIN)?.classes.size, 0);
});

test('a listener that unregisters and ends with unanswered requests leaves no client waiting', async (t) => {
  const { client, listen, ask, settled } = await setUp(t);
  const leaving = await listen('leaving');
  ask('1');
  await leaving.message();
  leaving.send(registration('unregister', ROUTER, '', 'opensrf.cslow'));
  await settled(leaving, 'leaving');
  leaving.send('</stream:stream>');
  assert.match(await client.message(), /<thread>1<\/thread>.*"statusCode":"503"/);
});

test('an unregistered listener may finish its requests', async (t) => {
  const { client, listen, ask, settled } = await setUp(t, { lossGraceMs: 0 });
  const leaving = await listen('leaving');
  ask('1');
  await leaving.message();
  leaving.send(registration('unregister', ROUTER, '', 'opensrf.cslow'));
  await settled(leaving, 'leaving');
  leaving.send(cRequest(`opensrf@${DOMAIN}/client`, '', '1', resultBody('finished')));
  assert.match(await client.message(), /finished/);
  leaving.send('</stream:stream>');
  await leaving.closed();
  await settled(client, 'client');
  assert.doesNotMatch(client.transcript, /"statusCode":"503"/);
});

test('a listener that stops reading is passed over, and shown as stalled', async (t) => {
  const { client, listen, ask, server } = await setUp(t, {}, { stalledAfterMs: 0, stalledBytes: 0 });
  const stopped = await listen('stopped');
  stopped.stream.pause();
  const large = requestBody('wait', ['x'.repeat(500_000)]);
  for (const number of [...NUMBERS, ...NUMBERS]) ask(`large-${number}`, large);
  await handedOver(server, 'stopped', 2 * NUMBERS.length);
  const other = await listen('other');
  client.send(cRequest(ROUTER, '', 'summary', requestBody('opensrf.router.info.summarize')));
  const summary = await client.message();
  assert.match(summary, new RegExp(`"opensrf@${DOMAIN}/stopped":{"count":20,"unanswered":20,"since":"[^"]+","stalled":true,"draining":false}`));
  assert.match(summary, new RegExp(`"opensrf@${DOMAIN}/other":{"count":0,"unanswered":0,"since":"[^"]+","stalled":false,"draining":false}`));
  for (const number of NUMBERS) ask(number);
  for (const number of NUMBERS) assert.equal(threadOf(await other.message()), number);
});
