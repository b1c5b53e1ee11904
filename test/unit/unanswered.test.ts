import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoutedRequest } from '../../router/routed-request.ts';
import { ServiceNode } from '../../router/service-node.ts';
import { UnansweredRequests } from '../../router/unanswered.ts';
import { FakeSession, messageXml, requestBody } from '../support/fakes.ts';
import { readStanza } from '../support/reading.ts';

const MANY = { requests: 100, bytes: 1_000_000 };

function setUp(limits = MANY) {
  const ledger = new UnansweredRequests(limits);
  const node = new ServiceNode(new FakeSession('o@localhost/listener'), 'o@localhost/listener', 'child', 0);
  /** The node's count as its class was told of it. */
  const told: number[] = [];
  const owner = { name: 'opensrf.math', unsent() {}, unansweredChanged: (changed: ServiceNode) => void told.push(changed.unanswered) };
  const ask = (client: FakeSession, thread: string, trace = 1, length = 0): RoutedRequest => {
    const original = readStanza(messageXml('router@localhost/opensrf.math', thread, requestBody(trace, 'x'.repeat(length))));
    original.from = client.jid;
    original.sender = client;
    const request = new RoutedRequest(owner, original, node, 0);
    ledger.add(request);
    return request;
  };
  return { ledger, node, told, ask };
}

function answer(client: FakeSession, thread: string, ...traces: number[]): void {
  const messages = traces.map((threadTrace) => ({ __c: 'osrfMessage', __p: { threadTrace, type: 'RESULT' } }));
  client.deliver(readStanza(messageXml(client.jid, thread, traces.length === 0 ? 'nothing' : JSON.stringify(messages))));
}

test('a request is answered by the next message on its thread, whoever it is from', () => {
  const { ledger, node, told, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const request = ask(client, 't1');
  assert.deepEqual([ledger.size, node.unanswered, request.open], [1, 1, true]);
  answer(client, 't2', 1);
  assert.deepEqual([ledger.size, node.unanswered, request.open], [1, 1, true], 'another thread');
  answer(client, 't1', 9);
  assert.deepEqual([ledger.size, node.unanswered, request.open], [0, 0, false]);
  answer(client, 't1', 9);
  assert.deepEqual([ledger.size, node.unanswered], [0, 0], 'what comes later on the thread');
  assert.deepEqual(told, [1, 0]);
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
  client.deliver(readStanza('<message><thread>&#60;&apos;&amp;&quot;&gt;</thread></message>'));
  assert.equal(ledger.size, 0);
});

test('of several requests on one thread those are answered whose number the answer repeats', () => {
  const { ledger, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const [first, second, third, fourth] = [1, 2, 3, 4].map((trace) => ask(client, 't', trace)) as [RoutedRequest, RoutedRequest, RoutedRequest, RoutedRequest];
  answer(client, 't', 2);
  assert.deepEqual([first.open, second.open, third.open, fourth.open], [true, false, true, true]);
  answer(client, 't', 4, 1);
  assert.deepEqual([first.open, third.open, fourth.open], [false, true, false]);
  answer(client, 't', 7);
  assert.deepEqual([third.open, ledger.size], [false, 0], 'one alone needs no number');
});

test('an answer without a number anybody waits for answers all of its thread', () => {
  for (const traces of [[], [9]]) {
    const { ledger, ask } = setUp();
    const client = new FakeSession('o@localhost/client');
    for (const trace of [1, 2, 3]) ask(client, 't', trace);
    const other = ask(client, 'u');
    answer(client, 't', ...traces);
    assert.deepEqual([ledger.size, other.open], [1, true]);
  }
});

test('a request without a thread, or without a session to be answered, is not kept', () => {
  const { ledger, node, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  assert.equal(ask(client, '').open, false);
  const foreign = new RoutedRequest({ name: 'x', unsent() {}, unansweredChanged() {} }, readStanza(messageXml('a', 't', '')), node, 0);
  ledger.add(foreign);
  assert.deepEqual([ledger.size, node.unanswered, foreign.open, client.observer], [0, 0, false, null]);
});

test('of too many the oldest is forgotten first', () => {
  const { ledger, node, ask } = setUp({ requests: 3, bytes: 1_000_000 });
  const clients = [new FakeSession('o@localhost/1'), new FakeSession('o@localhost/2')] as const;
  const requests = Array.from({ length: 6 }, (_, index) => ask(clients[index % 2 === 0 ? 0 : 1], `t${index % 3}`, index));
  assert.deepEqual(
    requests.map(({ open }) => open),
    [false, false, false, true, true, true],
  );
  assert.deepEqual([ledger.size, ledger.forgotten, node.unanswered], [3, 3, 3]);
  assert.deepEqual(
    ledger.filter(() => true),
    requests.slice(3),
    'oldest first',
  );
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
  const [, second, third] = [1, 2, 3].map((trace) => ask(client, 't', trace)) as [RoutedRequest, RoutedRequest, RoutedRequest];
  answer(client, 't', 1);
  assert.deepEqual([second.open, third.open], [false, false], 'number 1 is forgotten, so that is an answer to all');
  assert.equal(ledger.size, 0);
});

test('a client that ends leaves nothing behind, and is observed no more', () => {
  const { ledger, node, ask } = setUp();
  const [client, other] = [new FakeSession('o@localhost/1'), new FakeSession('o@localhost/2')];
  for (const trace of [1, 2, 3]) ask(client, `t${trace % 2}`, trace);
  ask(other, 't1');
  ledger.clientEnded(client);
  assert.deepEqual([ledger.size, node.unanswered, client.observer], [1, 1, null]);
  ledger.clientEnded(client);
  ledger.clientEnded(other);
  assert.deepEqual([ledger.size, node.unanswered, ledger.filter(() => true)], [0, 0, []]);
});

test('a request that is let go is let go once', () => {
  const { ledger, node, told, ask } = setUp();
  const client = new FakeSession('o@localhost/client');
  const [first, second, third] = [1, 2, 3].map((trace) => ask(client, 't', trace)) as [RoutedRequest, RoutedRequest, RoutedRequest];
  for (const request of [second, second, third, first, first]) ledger.remove(request);
  assert.deepEqual([ledger.size, node.unanswered, told], [0, 0, [1, 2, 3, 2, 1, 0]]);
  answer(client, 't', 1);
  assert.deepEqual([ledger.size, node.unanswered], [0, 0]);
});
