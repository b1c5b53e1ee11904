import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../router/ledger/ledger.ts';
import { Router } from '../router/router.ts';
import type { Exchange } from '../server/conversations/exchange.ts';
import { ExchangeTap } from '../server/conversations/exchange-tap.ts';
import { Delivery } from '../server/delivery/delivery.ts';
import { Directory } from '../server/delivery/directory.ts';
import { Host } from '../server/host/host.ts';
import { Queries } from '../server/host/queries.ts';
import { ServerCounts } from '../server/kernel/counts.ts';
import { Presence } from '../server/sessions/presence.ts';
import type { Session } from '../server/sessions/session.ts';
import { peekOsrfMessages } from '../shared/osrf/read.ts';
import { Stanza } from '../shared/stanza.ts';
import { cpuMs } from './support/cpu.ts';
import { commandXml, FakeClock, FakeEnvironment, FakeLog, FakeSession, messageXml, ROUTER_OPTIONS, requestBody } from './support/fakes.ts';
import { OPENING, Reading } from './support/reading.ts';

/** The longest delay that one input of a peer may cause for others. The inputs of these tests once took from 500 ms to minutes. */
const AT_MOST_MS = 50;

function routerWith(registrations = ROUTER_OPTIONS.limits.registrations) {
  const environment = new FakeEnvironment();
  const ledger = new Ledger({ requests: 100_000, bytes: 100_000_000 }, environment);
  const router = new Router({ ...ROUTER_OPTIONS, limits: { ...ROUTER_OPTIONS.limits, registrations } }, environment, ledger);
  router.resume();
  return { router, environment, client: environment.login('o@localhost/c') };
}

/** A stanza as a reader makes it, without the time that takes. */
function message(to: string, sender: FakeSession, body: string): Stanza {
  const stanza = new Stanza('message', to, sender.jid, '', '');
  stanza.origin = sender.origin;
  stanza.thread = 't';
  stanza.inner = `<thread>t</thread><body>${body}</body></message>`;
  return stanza;
}

const REQUEST = requestBody(1, 'opensrf.router.info.summarize').slice(1, -1);

for (const [what, body] of [
  ['8 MB nested 4 million levels deep', '['.repeat(4_000_000) + ']'.repeat(4_000_000)],
  ['8 MB of references', '&quot;'.repeat(1_300_000)],
  ['8 MB of elements', '<x/>'.repeat(2_000_000)],
  ['60,000 requests', `[${Array(60_000).fill(REQUEST).join(',')}]`],
] as const) {
  for (const to of ['router@localhost/router', 'router@localhost/opensrf.absent']) {
    test(`a message of ${what} to ${to} does not block the event loop`, () => {
      const { environment, client } = routerWith();
      const cost = cpuMs(() => environment.deliver(message(to, client, body)));
      assert.deepEqual(
        client.take().map(({ type }) => type),
        ['error'],
      );
      assert.ok(cost < AT_MOST_MS, `${cost} ms`);
    });
  }
}

for (const [what, body] of [
  ['arrays', '['.repeat(4_000_000) + ']'.repeat(4_000_000)],
  ['objects', `[${'{},'.repeat(2_600_000)}{}]`],
  ['numbers', `[${'1,'.repeat(4_000_000)}1]`],
  ['members', `{${Array.from({ length: 700_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ['elements', '<x/>'.repeat(2_000_000)],
  ['references', '&quot;'.repeat(1_300_000)],
] as const) {
  test(`an observer of a message of 8 MB of ${what} does not block the event loop`, () => {
    const stanza = message('o@localhost/c', new FakeSession('o@localhost/l'), body);
    const cost = cpuMs(() => assert.deepEqual(peekOsrfMessages(stanza), []));
    assert.ok(cost < AT_MOST_MS, `${cost} ms`);
  });
}

test('an error of 8 MB with many possible beginnings does not delay an exchange observer', () => {
  const codes: number[] = [];
  const observer = {
    asked: () => {},
    handed: () => {},
    answered: () => {},
    unasked: () => {},
    ended: ({ statusCode }: Exchange) => void codes.push(statusCode),
  };
  const tap = new ExchangeTap({ routers: new Set(), observer });
  const [client, other] = ['o@localhost/c', 'o@localhost/l'].map(
    (jid) => Object.assign(new FakeSession(jid), { link: { kind: 'tcp' } }) as unknown as Session,
  ) as [Session, Session];
  for (const [content, code] of [
    [`<body><![CDATA[${'<error '.repeat(1_100_000)}]]></body>`, 0],
    [`<body><![CDATA[${'<error '.repeat(1_100_000)}]]></body><error code='503' type='cancel'/>`, 503],
  ] as const) {
    tap.read(client, message(other.jid, client as unknown as FakeSession, requestBody(1)));
    const error = message(client.jid, other as unknown as FakeSession, '');
    error.type = 'error';
    error.inner = `${content}</message>`;
    const cost = cpuMs(() => tap.delivered(client, error));
    assert.equal(codes.pop(), code);
    assert.ok(cost < AT_MOST_MS, `${cost} ms`);
  }
});

test('an iq of 8 MB to a host does not block the event loop', () => {
  const directory = new Directory();
  const delivery = new Delivery(directory, new ServerCounts());
  const facts = { clock: new FakeClock(), uptime: { startedAt: 0, since: 0 }, items: () => [] };
  const limits = { directedPresences: 10, availableSessions: 10, queryBytes: 65_536, stanzaCopies: 1_000, stanzaCopyBytes: 65_536 };
  const host = new Host('localhost', delivery, new Presence(delivery, limits), new Queries(delivery, facts, 65_536, new FakeLog()), limits);
  const client = new FakeSession('o@localhost/c');
  directory.add(client);
  const iq = new Stanza('iq', 'localhost', client.jid, 'get', '1');
  iq.inner = `${'<x/>'.repeat(2_000_000)}</iq>`;
  const cost = cpuMs(() => host.deliver(iq));
  assert.deepEqual(
    client.take().map(({ type }) => type),
    ['error'],
  );
  assert.ok(cost < AT_MOST_MS, `${cost} ms`);
});

test('a start tag of 700,000 attributes does not block the event loop', () => {
  const chunk = Array.from({ length: 8_000 }, (_, index) => `a${index}='1'`).join(' ');
  let reading: Reading | undefined;
  const cost = cpuMs(() => {
    reading = Reading.of([`${OPENING}<message `, chunk, ...Array<string>(90).fill(chunk)]);
  });
  assert.equal(reading?.error?.condition, 'policy-violation');
  assert.ok(cost < AT_MOST_MS, `${cost} ms`);
});

for (const [what, begin, more] of [
  ['a number', '<message><body>&#', '0'],
  ['a hexadecimal number', '<message><body>&#x', '0'],
  ['a number in a value', "<message a='&#", '0'],
] as const) {
  test(`an endless reference to ${what} does not block the event loop`, () => {
    let reading: Reading | undefined;
    const cost = cpuMs(() => {
      reading = Reading.of([OPENING, begin, ...Array<string>(2_000).fill(more.repeat(1_000))]);
    });
    assert.equal(reading?.error?.condition, 'policy-violation');
    assert.ok(cost < AT_MOST_MS, `${cost} ms`);
  });
}

test('the first and the last registration of a listener cost the same', () => {
  const { environment, client } = routerWith(50_000);
  const costOf = (from: number) =>
    cpuMs(() => {
      for (let index = from; index < from + 500; index++) environment.send(client, commandXml('register', `c${index}`));
    });
  costOf(0);
  const first = costOf(500);
  for (let index = 1_000; index < 15_000; index++) environment.send(client, commandXml('register', `c${index}`));
  const last = costOf(15_000);
  assert.ok(last < 4 * first + AT_MOST_MS, `${first} ms, then ${last} ms`);
});

test('an answer costs the same however many requests wait on its thread', () => {
  const { environment, client } = routerWith();
  const listener = environment.login('o@localhost/l');
  environment.send(listener, commandXml('register', 'opensrf.math'));
  const ask = (from: number, count: number) => {
    for (let index = from; index < from + count; index++) environment.send(client, messageXml('router@localhost/opensrf.math', 't', requestBody(index)));
  };
  const costOfAnswers = (from: number) =>
    cpuMs(() => {
      for (let index = from; index < from + 200; index++) environment.send(listener, messageXml(client.jid, 't', requestBody(index)));
    });
  ask(0, 600);
  costOfAnswers(0);
  const few = costOfAnswers(200);
  ask(1_000, 30_000);
  environment.send(listener, messageXml(client.jid, 't', requestBody(1_000)));
  const many = costOfAnswers(1_001);
  assert.ok(many < 4 * few + 20, `${few} ms with few, ${many} ms with many`);
});
