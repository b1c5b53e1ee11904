import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ChopChopFixture, type FixtureOptions, OsrfError, startChopChop } from '../server/index.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';

const MATH = 'router@localhost/opensrf.math';

async function start(t: TestContext, options: FixtureOptions = {}) {
  const jabber = await startChopChop(options);
  t.after(() => jabber.stop());
  const calls: number[] = [];
  const add = (a: number, b: number) => {
    calls.push(a);
    return a + b;
  };
  await jabber.service('opensrf.math', { add, echo: (text: string) => text });
  const client = await jabber.connect();
  return { jabber, calls, client, ask: (a: number) => client.request('opensrf.math', 'add', a, 1) };
}

async function raw(t: TestContext, { addresses }: ChopChopFixture, resource: string): Promise<Peer> {
  return (await Peer.connect(t, addresses[0] as BoundAddress)).login('opensrf', 'localhost', resource);
}

const isError = (kind: string, code: number) => (error: unknown) => error instanceof OsrfError && error.kind === kind && error.statusCode === code;

test('a delayed request arrives after later ones, and is still answered', async (t) => {
  const { jabber, calls, ask } = await start(t);
  const fault = jabber.fault({ method: 'add', params: [1, 1], delayMs: [200, 250] });
  const slow = ask(1);
  assert.equal(await ask(2), 3);
  assert.equal(await slow, 2);
  assert.deepEqual(calls, [2, 1]);
  assert.equal(fault.hits, 1);
});

test('a dropped request or answer never comes', async (t) => {
  const { jabber, calls, client } = await start(t);
  const session = client.session('opensrf.math', { timeoutMs: 30 });
  const request = jabber.fault({ service: 'opensrf.math', drop: true });
  await assert.rejects(session.request('add', 1, 1), /no answer within/);
  assert.deepEqual(calls, []);
  request.remove();
  const answer = jabber.fault({ service: 'opensrf.math', on: 'answer', drop: true });
  const unanswered = session.request('add', 1, 1);
  while (answer.hits === 0) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(unanswered, /no answer within/);
  assert.deepEqual(calls, [1]);
  assert.deepEqual(
    jabber.received().map(({ state, handOvers }) => [state, handOvers]),
    [
      ['open', 0],
      ['open', 1],
    ],
  );
});

test('a duplicated request runs more than once; a duplicated answer arrives more than once', async (t) => {
  const { jabber, calls, ask } = await start(t);
  jabber.fault({ service: 'opensrf.math', duplicate: 2 });
  assert.equal(await ask(1), 2);
  assert.equal(await ask(5), 6);
  assert.deepEqual(calls.slice(0, 3), [1, 1, 1]);
  await jabber.reset('faults');
  jabber.fault({ on: 'answer', duplicate: true });
  const peer = await raw(t, jabber, 'raw');
  peer.send(cRequest(MATH, '', 'thread', requestBody('add', [7, 1])));
  assert.equal(await peer.message(), await peer.message());
});

test('a bounce and a status come instead of the request or its answer', async (t) => {
  const { jabber, calls, ask } = await start(t);
  const bounced = jabber.fault({ service: 'opensrf.math', bounce: true });
  await assert.rejects(ask(1), isError('bounce', 503));
  bounced.remove();
  const other = jabber.fault({ service: 'opensrf.math', bounce: 'resource-constraint' });
  await assert.rejects(ask(1), isError('bounce', 500));
  other.remove();
  const refused = jabber.fault({ service: 'opensrf.math', status: 418, text: 'a teapot' });
  await assert.rejects(ask(1), (error) => isError('service', 418)(error) && /a teapot/.test((error as Error).message));
  refused.remove();
  assert.deepEqual(calls, []);
  jabber.fault({ service: 'opensrf.math', on: 'answer', status: 500 });
  await assert.rejects(ask(1), isError('service', 500));
  assert.deepEqual(calls, [1]);
});

test('a fault affects the named service, method, client, JID or transaction id, with its own limits', async (t) => {
  const { jabber, client, ask } = await start(t);
  await jabber.service('opensrf.other', { add: (a: number, b: number) => a - b });
  const strikes = async (scope: object, request: () => PromiseLike<unknown>) => {
    const fault = jabber.fault({ ...scope, status: 500 });
    const struck = await Promise.resolve(request()).then(
      () => false,
      () => true,
    );
    fault.remove();
    return struck;
  };
  const other = () => client.request('opensrf.other', 'add', 1, 1);
  assert.deepEqual([await strikes({ service: 'opensrf.other' }, other), await strikes({ service: 'opensrf.other' }, () => ask(1))], [true, false]);
  assert.deepEqual([await strikes({ method: 'add' }, other), await strikes({ method: 'mult' }, other)], [true, false]);
  assert.deepEqual([await strikes({ client: client.jid }, other), await strikes({ client: 'opensrf@localhost/x' }, other)], [true, false]);
  assert.deepEqual([await strikes({ jid: 'router@localhost/opensrf.other' }, other), await strikes({ jid: MATH }, other)], [true, false]);
  const peer = await raw(t, jabber, 'raw');
  jabber.fault({ transactionId: 'xid-1', status: 555 });
  for (const [xid, code] of Object.entries({ 'xid-1': '555', 'xid-2': '205' })) {
    peer.send(cRequest(MATH, '', xid, requestBody('add', [1, 1]), xid));
    await peer.expect(`"statusCode":"${code}"`);
  }
  jabber.fault({ method: 'add', after: 1, times: 2, status: 500 });
  const outcomes: boolean[] = [];
  for (let number = 0; number < 5; number++)
    outcomes.push(
      await ask(number).then(
        () => true,
        () => false,
      ),
    );
  assert.deepEqual(outcomes, [true, false, false, true, true]);
});

test('the same seed affects the same requests', async (t) => {
  const outcomes = async (seed: number) => {
    const { jabber, ask } = await start(t, { seed });
    assert.equal(jabber.seed, seed);
    jabber.fault({ service: 'opensrf.math', probability: 0.5, status: 500 });
    const struck: number[] = [];
    for (let number = 0; number < 40; number++) await ask(number).catch(() => struck.push(number));
    return struck;
  };
  const first = await outcomes(1);
  assert.deepEqual(await outcomes(1), first);
  assert.notDeepEqual(await outcomes(2), first);
  assert.ok(first.length > 5 && first.length < 35);
});

test('the connection of the sender or of the receiver breaks', async (t) => {
  const { jabber, calls, client } = await start(t, { router: { lossGraceMs: 0 } });
  const session = client.session('opensrf.math');
  const worker = await session.connect();
  jabber.fault({ service: 'opensrf.math', times: 1, worker, cut: 'receiver' });
  // The session learns of it by the bounce, and asks the router for another worker; the listener has logged in one by then.
  assert.equal(await session.request('add', 1, 1), 2);
  assert.notEqual(session.remote, worker);
  const peer = await raw(t, jabber, 'raw');
  jabber.fault({ client: 'opensrf@localhost/raw', cut: 'sender' });
  peer.send(cRequest(MATH, '', 'thread', requestBody('add', [7, 1])));
  await peer.closed();
  assert.equal(peer.transcript.includes('</stream:stream>'), false);
  await jabber.reset('faults');
  await jabber.service('opensrf.lone', { echo: (text: string) => text });
  jabber.fault({ service: 'opensrf.lone', cut: 'receiver' });
  await assert.rejects(client.request('opensrf.lone', 'echo', 'x'), isError('router', 503));
  assert.equal(jabber.services().includes('opensrf.lone'), false);
  assert.deepEqual(calls, [1]);
});

test('a stalled reader is written to again when its time is over, and loses nothing', async (t) => {
  const { jabber, client, ask } = await start(t);
  const fault = jabber.fault({ service: 'opensrf.math', times: 1, stallMs: 60_000 });
  const first = ask(1);
  const second = ask(2);
  await jabber.waitForRequest({ params: [2, 1] });
  assert.equal(fault.hits, 1);
  let answered = 0;
  for (const one of [first, second]) void one.then(() => answered++);
  await client.sessionAt('router@localhost/router').request('opensrf.router.info.class.list');
  assert.equal(answered, 0);
  await jabber.reset('faults');
  assert.deepEqual(await Promise.all([first, second]), [2, 3]);
});

test('split writes reach their reader byte by byte, and whole', async (t) => {
  const { jabber } = await start(t);
  const peer = await raw(t, jabber, 'raw');
  jabber.fault({ client: 'opensrf@localhost/raw', on: 'answer', splitWrites: true });
  const ask = async (thread: string) => {
    peer.reads.length = 0;
    peer.send(cRequest(MATH, '', thread, requestBody('echo', ['ü'.repeat(50)])));
    return await peer.message();
  };
  const split = await ask('one');
  assert.match(split, /(\\u00fc){50}/);
  assert.ok(peer.reads.length > split.length / 20, `${peer.reads.length} reads of ${split.length} bytes`);
  await jabber.reset('faults');
  assert.equal((await ask('two')).length, split.length);
  assert.equal(peer.reads.length, 1);
});

test('a stanza beyond the limit ends its sender’s stream as ejabberd does; one below passes', async (t) => {
  const { jabber } = await start(t);
  const peer = await raw(t, jabber, 'raw');
  const fault = jabber.fault({ maxStanzaBytes: 65_536 });
  peer.send(cRequest(MATH, '', 'small', requestBody('echo', ['x'.repeat(50_000)])));
  await peer.expect('Request Complete');
  assert.equal(fault.hits, 0);
  peer.send(cRequest(MATH, '', 'large', requestBody('echo', ['x'.repeat(66_000)])));
  assert.match(
    await peer.closed(),
    /<stream:error><policy-violation xmlns='[^']+'\/><text [^>]*>XML stanza is too big<\/text><\/stream:error><\/stream:stream>$/,
  );
});

test('a fault without an action, with two, or with an unknown scope is refused', async (t) => {
  const { jabber } = await start(t);
  assert.throws(() => jabber.fault({} as never), /a fault needs exactly one of delayMs, drop, .*; this one has none/);
  assert.throws(() => jabber.fault({ drop: true, delayMs: 1 } as never), /this one has delayMs, drop/);
  assert.throws(() => jabber.fault({ drop: true, servise: 'x' } as never), /a filter has no "servise"/);
  assert.throws(() => jabber.fault({ bounce: 'nonsense' } as never), /"nonsense" is not a stanza error condition/);
  assert.throws(() => jabber.fault({ httpStatus: 502 }), /httpStatus needs on: 'web'/);
  assert.throws(() => jabber.fault({ on: 'web', httpStatus: 200 }), /httpStatus is 200, not a whole number from 400 to 599/);
  for (const ofReceiver of [{ stallMs: 1 }, { splitWrites: true }, { cut: 'receiver' }] as const)
    assert.throws(() => jabber.fault({ on: 'web', ...ofReceiver }), /a fault on: 'web' acts on the browser/);
});
