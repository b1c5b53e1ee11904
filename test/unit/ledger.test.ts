import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../../router/ledger/ledger.ts';
import { lastPart } from '../../router/ledger/message-text.ts';
import type { RoutedRequest } from '../../router/ledger/routed-request.ts';
import { ServiceClass } from '../../router/pools/service-class.ts';
import { ServiceNode } from '../../router/pools/service-node.ts';
import { FIRST_REQUEST, statusBody } from '../../shared/osrf/write.ts';
import { UNFOLLOWED } from '../../shared/stanza.ts';
import { escapeText } from '../../shared/xml.ts';
import { AT_ONCE, FakeClock, FakeSession, messageXml, NO_FAILURES, requestBody, resultBody } from '../support/fakes.ts';
import { readStanza } from '../support/reading.ts';

const MANY = { requests: 100, bytes: 1_000_000 };

/** A request of a test, by its number in the ledger. */
interface Asked {
  readonly number: number;
  readonly open: boolean;
}

function setUp(limits = MANY) {
  const ended = new Set<FakeSession>();
  const sessions = new Map<number, FakeSession>();
  const clock = new FakeClock();
  const ledger = new Ledger(limits, { session: ({ session }) => sessions.get(session) ?? null, jobs: AT_ONCE, clock, failures: NO_FAILURES });
  const session = new FakeSession('o@localhost/listener');
  const node = new ServiceNode({ session: session.origin.session, jid: session.jid, form: 'child', since: 0, account: session.account }, session);
  /** The node's count at each change that its class saw. */
  const counts: number[] = [];
  class CountingClass extends ServiceClass {
    override unansweredChanged(changed: ServiceNode): void {
      counts.push(changed.unanswered);
    }
  }
  const receiver = { sentToClass() {} };
  const service = new CountingClass({
    name: 'opensrf.math',
    jid: 'router@localhost/opensrf.math',
    since: 0,
    balance: 'round-robin',
    localFirst: false,
    receiver,
  });
  const numbers = (): number[] => {
    const found: number[] = [];
    for (let request = node.oldest as RoutedRequest | null; request !== null; request = request.newerOfNode as RoutedRequest | null) found.push(request.number);
    return found;
  };
  const ask = (client: FakeSession, thread: string, trace = 1, length = 0, body = requestBody(trace, 'x'.repeat(length))): Asked => {
    const original = readStanza(messageXml(service.jid, thread, body));
    original.from = client.jid;
    original.origin = client.origin;
    if (!ended.has(client)) sessions.set(client.origin.session, client);
    const number = ledger.follow(service, original, node, 0, { handOn() {}, reroute() {}, failed() {}, refuseLost() {} });
    return {
      number,
      get open() {
        return numbers().includes(number);
      },
    };
  };
  const end = (client: FakeSession): void => {
    ended.add(client);
    sessions.delete(client.origin.session);
    ledger.clientEnded(client.origin.session);
  };
  return { ledger, node, counts, numbers, ask, end };
}

/** The whole answers to some requests, in one stanza. */
function answer(client: FakeSession, thread: string, ...traces: number[]): void {
  const messages = traces.map((threadTrace) =>
    statusBody({ ...FIRST_REQUEST, threadTrace: String(threadTrace) }, 'osrfConnectStatus', 'Request Complete', 205).slice(1, -1),
  );
  client.deliver(readStanza(messageXml(client.jid, thread, traces.length === 0 ? 'nothing' : `[${messages.join(',')}]`)));
}

/** One of several results. */
function part(client: FakeSession, worker: FakeSession, thread: string, trace: number): void {
  const stanza = readStanza(messageXml(client.jid, thread, resultBody(trace, '"x"')));
  stanza.origin = worker.origin;
  client.deliver(stanza);
}

test('a request is answered by its number on its thread, whichever session the answer is from', () => {
  const { ledger, node, counts, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const request = ask(client, 't1');
  assert.deepEqual([ledger.size, node.unanswered, request.open], [1, 1, true]);
  answer(client, 't2', 1);
  assert.deepEqual([ledger.size, node.unanswered, request.open], [1, 1, true], 'another thread');
  answer(client, 't1', 9);
  assert.deepEqual([ledger.size, node.unanswered, request.open], [1, 1, true], 'another number');
  answer(client, 't1', 1);
  assert.deepEqual([ledger.size, node.unanswered, request.open], [0, 0, false]);
  answer(client, 't1', 1);
  assert.deepEqual([ledger.size, node.unanswered], [0, 0], 'what comes later on the thread');
  assert.deepEqual(counts, [1, 0]);
});

test('a message to one client does not answer the request of another on a thread of the same name', () => {
  const { ledger, ask } = setUp();
  const [one, other] = [new FakeSession('o@localhost/1'), new FakeSession('o@localhost/2')];
  ask(one, 't');
  const open = ask(other, 't');
  answer(one, 't', 1);
  assert.deepEqual([ledger.size, open.open], [1, true]);
});

test('a thread is compared by its text, however it was escaped', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  ask(client, `<'&">`);
  client.deliver(
    readStanza(`<message><thread>&#60;&apos;&amp;&quot;&gt;</thread><body>${escapeText(statusBody(FIRST_REQUEST, 'x', 'x', 205))}</body></message>`),
  );
  assert.equal(ledger.size, 0);
});

test('of several requests on one thread those are answered whose number the answer repeats', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const [first, second, third, fourth] = [1, 2, 3, 4].map((trace) => ask(client, 't', trace)) as [Asked, Asked, Asked, Asked];
  answer(client, 't', 2);
  assert.deepEqual([first.open, second.open, third.open, fourth.open], [true, false, true, true]);
  answer(client, 't', 4, 1);
  assert.deepEqual([first.open, third.open, fourth.open], [false, true, false]);
  answer(client, 't', 7);
  assert.deepEqual([third.open, ledger.size], [true, 1], 'the number of a closed request');
  answer(client, 't', 3);
  assert.deepEqual([third.open, ledger.size], [false, 0]);
});

test('a message without a number answers a request that is alone on its thread, and none of several', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  ask(client, 'alone', 1);
  answer(client, 'alone');
  assert.equal(ledger.size, 0);
  for (const trace of [1, 2]) ask(client, 'shared', trace);
  answer(client, 'shared');
  assert.equal(ledger.size, 2);
});

test('an answer to a closed request answers no other on its thread', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  ask(client, 't', 1);
  answer(client, 't', 1);
  const second = ask(client, 't', 2);
  answer(client, 't', 1);
  assert.deepEqual([second.open, ledger.size], [true, 1]);
});

test('a listener whose backlog is full says "request 1", whichever single request it refuses', () => {
  const { ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const request = ask(client, 't', 5);
  const status = (from: string) => {
    const stanza = readStanza(messageXml(client.jid, 't', statusBody(FIRST_REQUEST, 'osrfMethodException', 'backlog queue at limit', 503)));
    stanza.from = from;
    client.deliver(stanza);
  };
  status('o@localhost/other');
  assert.equal(request.open, true);
  status('o@localhost/listener');
  assert.equal(request.open, false);
});

test('where neither side speaks OpenSRF the thread alone tells', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  ask(client, 't', 1, 0, 'no OpenSRF');
  client.deliver(readStanza(messageXml(client.jid, 't', 'hello')));
  assert.equal(ledger.size, 0);
});

test('a bounce of something that the client sent elsewhere answers nothing', () => {
  const { ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const request = ask(client, 't', 1);
  const bounce = readStanza(messageXml(client.jid, 't', requestBody(1)));
  bounce.type = 'error';
  client.deliver(bounce);
  assert.equal(request.open, true);
});

test('a request that is answered in part goes over from its listener to its worker until its whole answer has come', () => {
  const { ledger, node, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const worker = new FakeSession('o@localhost/worker');
  const request = ask(client, 't', 1);
  part(client, worker, 't', 1);
  part(client, worker, 't', 1);
  assert.deepEqual([ledger.size, node.unanswered, request.open], [1, 0, false]);
  assert.deepEqual(
    ledger.ofWorker(worker.origin.session).map(({ number }) => number),
    [request.number],
  );
  answer(client, 't', 1);
  assert.deepEqual([ledger.size, ledger.ofWorker(worker.origin.session)], [0, []]);
});

test('a stanza of several messages is answered when each of them is', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const worker = new FakeSession('o@localhost/worker');
  const bodies = [1, 2].map((trace) => requestBody(trace).slice(1, -1));
  ask(client, 't', 1, 0, `[${bodies.join(',')}]`);
  answer(client, 't', 1);
  assert.equal(ledger.size, 1);
  part(client, worker, 't', 2);
  answer(client, 't', 1);
  assert.equal(ledger.size, 1);
  answer(client, 't', 2);
  assert.equal(ledger.size, 0);
});

test('a CONNECT is answered by status 200, a REQUEST is not', () => {
  for (const [type, left] of [
    ['CONNECT', 0],
    ['REQUEST', 1],
  ] as const) {
    const { ledger, ask } = setUp();
    const client = new FakeSession('o@localhost/client');
    ask(client, 't', 0, 0, requestBody(0).replace('"REQUEST"', `"${type}"`));
    const connected = readStanza(
      messageXml(client.jid, 't', statusBody({ ...FIRST_REQUEST, threadTrace: '0' }, 'osrfConnectStatus', 'Connection Successful', 200)),
    );
    connected.origin = new FakeSession('o@localhost/worker').origin;
    client.deliver(connected);
    assert.equal(ledger.size, left, type);
  }
});

test('a request without a thread is not followed, nor is one whose client has ended', () => {
  const { ledger, node, ask, end } = setUp();
  const [client, gone] = [new FakeSession('o@localhost/client'), new FakeSession('o@localhost/gone')];
  assert.equal(ask(client, '').number, UNFOLLOWED);
  end(gone);
  assert.equal(ask(gone, 't').number, UNFOLLOWED);
  assert.deepEqual([ledger.size, node.unanswered, gone.observers], [0, 0, []]);
});

test('of too many the oldest is forgotten first', () => {
  const { ledger, node, numbers, ask } = setUp({ requests: 200, bytes: 1_000_000 });
  const requests = Array.from({ length: 203 }, (_, index) => ask(new FakeSession(`o@localhost/${index}`), 't', index));
  assert.deepEqual([requests.slice(0, 4).map(({ open }) => open), ledger.size, ledger.forgotten, node.unanswered], [[false, false, false, true], 200, 3, 200]);
  assert.deepEqual(
    numbers(),
    requests.slice(3).map(({ number }) => number),
    'oldest first',
  );
});

test('of too many the oldest of a client is forgotten that has more than a hundredth of them', () => {
  const { ledger, ask } = setUp({ requests: 200, bytes: 1_000_000 });
  const others = Array.from({ length: 197 }, (_, index) => ask(new FakeSession(`o@localhost/${index}`), 't', index));
  const client = new FakeSession('o@localhost/client');
  const own = Array.from({ length: 6 }, (_, index) => ask(client, 't', index));
  assert.deepEqual([others.every(({ open }) => open), own.map(({ open }) => open), ledger.forgotten], [true, [false, false, false, true, true, true], 3]);
});

test('of too many bytes the oldest is forgotten until the rest fits, be it the newest itself', () => {
  const { ledger, node, ask } = setUp({ requests: 100, bytes: 10_000 });
  const client = new FakeSession('o@localhost/client');
  const small = [1, 2, 3].map((trace) => ask(client, `t${trace}`, trace, 1_000));
  ask(client, 'large', 4, 6_000);
  assert.deepEqual([small.map(({ open }) => open), ledger.forgotten], [[false, false, true], 2]);
  assert.equal(ask(client, 'huge', 5, 20_000).open, false);
  assert.deepEqual([ledger.size, node.unanswered], [0, 0]);
  assert.equal(ask(client, 'small', 6, 6_000).open, true, 'and the bytes count from nothing again');
});

test('a forgotten request leaves the others on its thread in place', () => {
  const { ledger, ask } = setUp({ requests: 2, bytes: 1_000_000 });
  const client = new FakeSession('o@localhost/client');
  const [, second, third] = [1, 2, 3].map((trace) => ask(client, 't', trace)) as [Asked, Asked, Asked];
  answer(client, 't', 1);
  assert.deepEqual([second.open, third.open], [true, true]);
  answer(client, 't', 3, 2);
  assert.equal(ledger.size, 0);
});

test('a client that ends leaves nothing behind', () => {
  const { ledger, node, numbers, ask, end } = setUp();
  const [client, other] = [new FakeSession('o@localhost/1'), new FakeSession('o@localhost/2')];
  for (const trace of [1, 2, 3]) ask(client, `t${trace % 2}`, trace);
  ask(other, 't1');
  end(client);
  assert.deepEqual([ledger.size, node.unanswered], [1, 1]);
  end(client);
  end(other);
  assert.deepEqual([ledger.size, node.unanswered, numbers()], [0, 0, []]);
});

test('a client has several observers: the ledger watches one that is watched already', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const seen: string[] = [];
  client.observe({ delivered: ({ thread }) => void seen.push(thread) });
  const request = ask(client, 't');
  answer(client, 't', 1);
  assert.deepEqual([request.open, ledger.size, seen], [false, 0, ['t']]);
});

test('a request that is let go is let go once', () => {
  const { ledger, node, counts, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const [first, second, third] = [1, 2, 3].map((trace) => ask(client, 't', trace)) as [Asked, Asked, Asked];
  const taken = [second, second, third, first, first].map(({ number }) => ledger.take(number)?.number ?? null);
  assert.deepEqual(taken, [second.number, null, third.number, first.number, null]);
  assert.deepEqual([ledger.size, node.unanswered, counts], [0, 0, [1, 2, 3, 2, 1, 0]]);
  answer(client, 't', 1);
  assert.deepEqual([ledger.size, node.unanswered], [0, 0]);
});

test('a number is given once, however many requests come and go and however many stay', () => {
  const { ledger, ask } = setUp({ requests: 10_000, bytes: 1_000_000_000 });
  const client = new FakeSession('o@localhost/client');
  const seen = new Set<number>();
  const kept: Asked[] = [];
  for (let index = 0; index < 3_000; index++) {
    const request = ask(client, `t${index}`);
    seen.add(request.number);
    if (index % 7 === 0) kept.push(request);
    else assert.equal(ledger.take(request.number)?.number, request.number);
  }
  assert.deepEqual([seen.size, ledger.size], [3_000, kept.length]);
  for (const { number } of kept) assert.deepEqual([ledger.take(number)?.number, ledger.take(number)], [number, null]);
  assert.equal(ledger.size, 0);
});

test('the last message of an answer decides its state, at any length and with any order of keys', () => {
  const message = (type: string, payload: string) => `{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","type":"${type}","payload":${payload}}}`;
  const status = (code: number | string, text: string) => `{"__c":"osrfStatus","__p":{"status":${JSON.stringify(text)},"statusCode":${JSON.stringify(code)}}}`;
  const turned = (code: number, text: string) => `{"__p":{"statusCode":${code},"status":${JSON.stringify(text)}},"__c":"osrfStatus"}`;
  const result = (content: unknown) => `{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":${JSON.stringify(content)}}}`;
  const long = 'long '.repeat(1_000);
  const rows: readonly (readonly [part: string, ...messages: string[]])[] = [
    ['final', message('STATUS', status('205', 'Request Complete'))],
    ['failed', message('STATUS', status(500, long))],
    ['failed', message('STATUS', turned(404, long))],
    ['final', message('RESULT', result(1)), message('STATUS', status(205, 'Request Complete'))],
    ['failed', message('RESULT', result(long)), message('STATUS', status(500, long))],
    ['connected', message('STATUS', status('200', 'Connection Successful'))],
    ['failed', message('STATUS', status('404', 'Not Found'))],
    ['partial', message('STATUS', status('100', 'Continue'))],
    ['partial', message('STATUS', status('abc', 'no number'))],
    ['partial', message('RESULT', result(1))],
    ['partial', message('RESULT', result(long))],
    ['partial', message('RESULT', result({ statusCode: 500 }))],
    ['other', message('REQUEST', '{"__c":"osrfMethod","__p":{"method":"add"}}')],
    ['other', '"hello"'],
  ];
  for (const [part, ...messages] of rows) {
    const body = `[${messages.join(',')}]`;
    assert.equal(lastPart(readStanza(messageXml('a@localhost/b', 't', body))), part, body.slice(0, 200));
    const plain = readStanza(`<message to='a@localhost/b'><thread>t</thread><body>${escapeText(body).replaceAll('"', '&quot;')}</body></message>`);
    assert.equal(lastPart(plain), part, body.slice(0, 200));
  }
});
