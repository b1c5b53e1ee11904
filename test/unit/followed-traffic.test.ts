import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FollowedTraffic, type TrafficObserver } from '../../server/control/trace/followed-traffic.ts';
import { Trace } from '../../server/control/trace/trace.ts';
import type { TracedServer } from '../../server/control/trace/traced-server.ts';
import type { Exchange } from '../../server/conversations/exchange.ts';
import type { ServerClock } from '../../server/kernel/clock.ts';
import { LogProtect } from '../../server/logging/log-protect.ts';
import type { Session } from '../../server/sessions/session.ts';
import type { Tap } from '../../server/sessions/taps.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { guardsWith, realClock } from '../support/guards.ts';
import { cRequest, requestBody, resultBody } from '../support/osrf.ts';
import { readStanza } from '../support/reading.ts';

const CLIENT = { jid: 'opensrf@localhost/client', kind: 'client', link: { kind: 'tcp' } } as unknown as Session;
const LISTENER = { ...CLIENT, jid: 'opensrf@localhost/listener' } as Session;
const MATH = 'router@localhost/opensrf.math';

/** A server without sessions: a test plays their stanzas. */
function playedServer(clock: ServerClock = realClock()) {
  let tap: Tap | null = null;
  let read = 0;
  let routed = 0;
  const server: TracedServer = {
    clock,
    guards: guardsWith(),
    watch(added) {
      tap = added;
      return () => (tap = null);
    },
    stanzasRead: () => read,
    requestsRouted: () => routed,
    routers: new Set(['router@localhost']),
    limits: { exchanges: 100_000, bytes: 1e9 },
    protect: () => new LogProtect([]),
    faultOf: () => '',
  };
  const stamped = (xml: string, from: string): Stanza => Object.assign(readStanza(xml), { from });
  const ask = (thread: string) => {
    read++;
    tap?.read(CLIENT, stamped(cRequest(MATH, '', thread, requestBody('add')), CLIENT.jid));
    routed++;
    tap?.delivered(LISTENER, Object.assign(stamped(cRequest(LISTENER.jid, '', thread, requestBody('add')), MATH), { routerFrom: CLIENT.jid }));
  };
  const answer = (thread: string) => {
    read++;
    const stanza = stamped(cRequest(CLIENT.jid, '', thread, resultBody(4)), LISTENER.jid);
    tap?.read(LISTENER, stanza);
    tap?.delivered(CLIENT, stanza);
  };
  const play = (xml: string) => tap?.read(LISTENER, stamped(xml, LISTENER.jid));
  return { server, ask, answer, play, watched: () => tap !== null };
}

function observerOf(states: string[]): TrafficObserver {
  return {
    asked: () => {},
    handed: () => {},
    answered: () => {},
    ended: ({ thread, state }: Exchange) => void states.push(`${thread} ${state}`),
    unasked: () => {},
    sessionBound: () => {},
    sessionEnded: () => {},
    begun: () => {},
  };
}

function setUp() {
  const { server, ...played } = playedServer();
  const states: string[] = [];
  const traffic = new FollowedTraffic(server, observerOf(states));
  traffic.start();
  return { traffic, states, ...played };
}

test('a single request reaches a watcher in a tenth of a second, later ones three times a second', () => {
  const due: { readonly ms: number; readonly action: () => void }[] = [];
  const clock = { ...realClock(), after: (ms: number, action: () => void) => ({ cancel: () => {}, index: due.push({ ms, action }) }) };
  const { server, ask, answer } = playedServer(clock);
  const trace = new Trace(server, { stanzaSeen: () => {}, requestEnded: () => {} }, { exchanges: 10, bytes: 1e6, slowMs: 250 });
  const seen: string[] = [];
  trace.watch({ happened: ({ requests }) => void seen.push(requests.map(({ thread, state }) => `${thread} ${state}`).join()) }, () => {});
  ask('one');
  answer('one');
  due[0]?.action();
  ask('two');
  ask('three');
  answer('three');
  due[1]?.action();
  assert.deepEqual(
    due.map(({ ms }) => ms),
    [100, 350],
  );
  assert.deepEqual(seen, ['one complete', 'two open,three complete']);
  trace.stop();
});

test('stanzas are read later, in order', () => {
  const { traffic, states, ask, answer } = setUp();
  ask('one');
  answer('one');
  ask('two');
  assert.deepEqual(states, []);
  traffic.readQueue();
  assert.deepEqual(states, ['one complete']);
  answer('two');
  traffic.readQueue();
  assert.deepEqual(states, ['one complete', 'two complete']);
  assert.deepEqual([traffic.unseenRequests, traffic.unseenStanzas], [0, 0]);
});

test('stanzas with much content or long attributes are read after the turn, since they keep their memory', () => {
  const soon: (() => void)[] = [];
  const { server, play } = playedServer({ ...realClock(), soon: (action: () => void) => void soon.push(action) });
  new FollowedTraffic(server, observerOf([])).start();
  const long = 'x'.repeat(200_000);
  const answer = (attributes: string, body: string) => play(`<message to='${CLIENT.jid}'${attributes}><thread>t</thread><body>${body}</body></message>`);
  for (const [attributes, body] of [
    [` a='${long}'`, ''],
    ['', long],
  ] as const) {
    answer(attributes, body);
    answer(attributes, body);
    assert.equal(soon.length, 0);
    answer(attributes, body);
    assert.equal(soon.length, 1);
    soon.pop()?.();
  }
});

test('beyond its allowance it stops observing, counts the unobserved traffic, marks open requests as unseen, and observes again later', async () => {
  const { traffic, states, ask, answer, watched } = setUp();
  ask('open');
  const SPENT = 1_500;
  for (let index = 0; index < SPENT; index++) {
    ask(`t${index}`);
    answer(`t${index}`);
  }
  assert.equal(watched(), false);
  answer('open');
  const UNSEEN = 500;
  for (let index = 0; index < UNSEEN; index++) {
    ask(`u${index}`);
    answer(`u${index}`);
  }
  traffic.readQueue();
  assert.equal(states.filter((state) => state.endsWith('complete')).length, SPENT - 1);
  assert.deepEqual(states.slice(-2).sort(), ['open forgotten', `t${SPENT - 1} forgotten`]);
  assert.equal(traffic.unseenRequests, UNSEEN);
  assert.ok(traffic.unseenStanzas > 2 * UNSEEN && traffic.unseenStanzas <= 2 * UNSEEN + 4, String(traffic.unseenStanzas));
  const end = performance.now() + 10_000;
  while (!traffic.readQueue() && performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(watched(), true);
  ask('later');
  answer('later');
  traffic.readQueue();
  assert.equal(states.at(-1), 'later complete');
  assert.equal(traffic.unseenRequests, UNSEEN);
});
