import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from '../../server/control/metrics/histogram.ts';
import { Latencies, OTHER_METHODS } from '../../server/control/metrics/latencies.ts';
import { Allowance } from '../../server/control/trace/allowance.ts';
import type { EndedRequest } from '../../server/control/trace/ended-request.ts';
import { TraceFilter } from '../../server/control/trace/filter.ts';
import { outcomeOf, reasonOf } from '../../server/control/trace/outcome.ts';
import { TraceRing } from '../../server/control/trace/ring.ts';
import type { TraceEntry, TraceSummary } from '../../server/control/trace/trace-entry.ts';
import { TracedRequest } from '../../server/control/trace/traced-request.ts';
import type { Exchange } from '../../server/conversations/exchange.ts';
import { LogProtect } from '../../server/logging/log-protect.ts';
import { cpuMs } from '../support/cpu.ts';

function summary(fields: Partial<TraceSummary> = {}): TraceSummary {
  return {
    id: 1,
    at: 1000,
    type: 'REQUEST',
    service: 'opensrf.math',
    method: 'add',
    state: 'complete',
    outcome: 'ok',
    reason: '',
    fault: '',
    firstAnswerMs: 3,
    statusCode: 205,
    status: 'Request Complete',
    durationMs: 5,
    client: 'opensrf@localhost/alice',
    to: 'router@localhost/opensrf.math',
    listener: 'opensrf@localhost/listener',
    worker: 'opensrf@localhost/worker',
    xid: '4711',
    thread: 't',
    threadTrace: '1',
    length: 100,
    ...fields,
  };
}

function entry(fields: Partial<TraceSummary> = {}, params = '[2,2]'): TraceEntry {
  const payload = (json: string) => ({ json, length: json.length, redacted: false });
  return { summary: summary(fields), detail: { locale: '', ingress: '', browser: '', steps: [], folded: 0, params: payload(params), results: payload('[4]') } };
}

const ROUTERS = new Set(['router@localhost']);

/** An exchange that has ended, as the tap leaves it. */
function exchange(fields: Partial<Exchange> = {}): Exchange {
  const ended = {
    client: 'opensrf@localhost/alice',
    thread: 't',
    to: 'router@localhost/opensrf.math',
    listener: 'opensrf@localhost/listener',
    worker: 'opensrf@localhost/worker',
  };
  const texts = { method: 'add', service: 'opensrf.math', status: '', condition: '', paramsJson: '[2,2]', resultsJson: '[4]' };
  const others = { transactionId: '', threadTrace: '1', locale: 'en-US', ingress: '', browser: '' };
  const values = {
    type: 'REQUEST',
    state: 'complete',
    statusCode: 205,
    handOvers: 1,
    resent: false,
    askedAt: 1_000,
    handedAt: 1_001,
    firstAnswerAt: 1_004,
    endedAt: 1_005,
    bytes: 1_000,
  };
  return { ...ended, ...texts, ...others, ...values, dropContents: () => {}, durationMs: (now: number) => now - 1_000, ...fields } as unknown as Exchange;
}

/** A request that has ended. */
function traced(id: number, fields: Partial<Exchange> = {}): TracedRequest {
  const request = new TracedRequest(id, exchange(fields));
  request.ended(ROUTERS, '', new LogProtect([]));
  return request;
}

test('a filter matches if all its parts match', () => {
  const cases: [query: string, expected: boolean, fields?: Partial<TraceSummary>][] = [
    ['', true],
    ['service=opensrf.math', true],
    ['service=opensrf.mat', false],
    ['service=opensrf.mat*', true],
    ['method=add', true],
    ['method=mult', false],
    ['service=opensrf.math&method=mult', false],
    ['xid=4711', true],
    ['xid=471', false],
    ['jid=alice', true],
    ['jid=worker', true],
    ['jid=bob', false],
    ['status=205', true],
    ['status=complete', true],
    ['status=failed', false],
    ['status=failed', true, { state: 'refused', outcome: 'failed', statusCode: 404 }],
    ['status=failed', true, { state: 'abandoned', outcome: 'lost' }],
    ['status=failed', false, { state: 'open', outcome: 'open' }],
    ['status=failed', false, { state: 'forgotten', outcome: 'unseen' }],
    ['outcome=refused', true, { state: 'bounced', outcome: 'refused' }],
    ['outcome=refused', false, { state: 'refused', outcome: 'failed' }],
    ['service=*math*', true],
    ['service=*maths*', false],
    ['slowerThan=4', true],
    ['slowerThan=5', false],
    ['slowerThan=1', false, { durationMs: null }],
    ['text=ALICE', true],
    ['text=%5B2%2C2', true],
    ['text=nowhere', false],
    ['connects=no', true],
    ['connects=no', false, { type: 'CONNECT' }],
  ];
  for (const [query, expected, fields] of cases) {
    const filter = TraceFilter.parse(new URLSearchParams(query));
    assert.ok(typeof filter !== 'string');
    const { summary: short, detail } = entry(fields);
    assert.equal(filter.matches(short, detail), expected, `${query} ${JSON.stringify(fields ?? {})}`);
  }
  assert.match(String(TraceFilter.parse(new URLSearchParams('status=perhaps'))), /"perhaps" is not a code/);
  assert.match(String(TraceFilter.parse(new URLSearchParams('outcome=good'))), /"good" is not one of ok, failed/);
  assert.match(String(TraceFilter.parse(new URLSearchParams('slowerThan=soon'))), /not a number/);
});

test('a ring keeps limited numbers of requests and bytes, and forgets the oldest ordinary ones first', () => {
  const ids = (ring: TraceRing) => ring.newestFirst().map(({ id }) => id);
  const byNumber = new TraceRing({ exchanges: 3, bytes: 1e6, slowMs: 250 });
  for (let id = 1; id <= 5; id++) byNumber.add(traced(id));
  assert.deepEqual(ids(byNumber), [5, 4, 3]);
  assert.equal(byNumber.get(2), undefined);
  assert.equal(byNumber.get(3)?.id, 3);
  const bySize = new TraceRing({ exchanges: 100, bytes: 25_000, slowMs: 250 });
  for (let id = 1; id <= 5; id++) bySize.add(traced(id, { bytes: 10_000 }));
  assert.deepEqual(ids(bySize), [5, 4]);
  bySize.add(traced(6, { bytes: 100_000 }));
  assert.deepEqual(ids(bySize), [], 'what is too large by itself is not kept at all');
});

test('a full ring takes a request at the cost of an empty one', () => {
  const remembered = { exchange: exchange(), bytes: 1_000, isNotable: () => false };
  const requests = Array.from({ length: 150_000 }, (_, id) => ({ ...remembered, id }) as unknown as TracedRequest);
  const ring = new TraceRing({ exchanges: 50_000, bytes: 1e9, slowMs: 250 });
  const add = (some: readonly TracedRequest[]) => () => {
    for (const request of some) ring.add(request);
  };
  const filling = cpuMs(add(requests.slice(0, 50_000)));
  const full = cpuMs(add(requests.slice(50_000)));
  assert.ok(full < 300 + 10 * filling, `${filling} ms while it fills, then ${full} ms for twice as many`);
  assert.equal(ring.size, 50_000);
});

test('a late step belongs to the last request of its client on the thread, even if another client uses the same thread', () => {
  const ring = new TraceRing({ exchanges: 4, bytes: 1e6, slowMs: 250 });
  const [alice, bob] = ['opensrf@localhost/alice', 'opensrf@localhost/bob'];
  const late = (client: string) => ring.addStep(client, 't', 0, { at: 1, kind: 'late', from: 'worker', to: client, length: 1 });
  const stepsOf = (id: number) => ring.get(id)?.entry(0, new LogProtect([])).detail.steps.length;
  ring.add(traced(1, { client: alice }));
  ring.add(traced(2, { client: bob }));
  ring.add(traced(3, { client: alice }));
  ring.add(traced(4, { client: 'eve', thread: `${bob}\nt` }));
  for (const client of [alice, alice, bob]) late(client);
  assert.deepEqual([1, 2, 3, 4].map(stepsOf), [0, 1, 2, 0]);
  // The first three go.
  for (let id = 5; id <= 7; id++) ring.add(traced(id, { client: 'carol', thread: `t${id}` }));
  for (const client of [alice, bob]) late(client);
  assert.deepEqual([4, 5, 6, 7].map(stepsOf), [0, 0, 0, 0]);
});

test('failed and slow requests outlive ordinary ones, but do not take all the room', () => {
  const ring = new TraceRing({ exchanges: 8, bytes: 1e6, slowMs: 250 });
  const kept = () => ring.newestFirst().map(({ id }) => id);
  ring.add(traced(1, { state: 'refused', statusCode: 500 }));
  ring.add(traced(2, { endedAt: 9_000 }));
  for (let id = 3; id <= 20; id++) ring.add(traced(id));
  assert.deepEqual(kept(), [20, 19, 18, 17, 16, 15, 2, 1]);
  for (let id = 21; id <= 40; id++) ring.add(traced(id, { state: 'refused' }));
  assert.deepEqual(kept(), [40, 39, 38, 37, 36, 35, 20, 19]);
});

test('an allowance is spent by stanzas and their length; once it was exceeded, it is smaller until the traffic is calm', () => {
  const allowance = new Allowance(0);
  const takeAll = (length: number) => {
    let taken = 0;
    while (allowance.take(length)) taken++;
    return taken;
  };
  assert.equal(takeAll(100), 6_000);
  assert.equal(allowance.refill(10), false, 'too little to begin again');
  assert.equal(allowance.refill(1_010), true);
  assert.equal(takeAll(3 * 4_096), 1_500, 'four units each');
  allowance.exceeded(1_010);
  allowance.refill(2_010);
  assert.equal(takeAll(1), 200);
  allowance.refill(10_000);
  assert.equal(takeAll(1), 6_000);
});

test('a histogram knows count and longest exactly, and percentiles to 9 %', () => {
  const durations = new Histogram();
  assert.deepEqual([durations.percentile(50), durations.longestMs], [0, 0]);
  for (let ms = 1; ms <= 1_000; ms++) durations.add(ms);
  for (const [percent, exact] of [
    [50, 500],
    [95, 950],
    [99, 990],
  ] as const) {
    const found = durations.percentile(percent);
    assert.ok(found >= exact && found <= exact * 1.1, `${found} for ${exact}`);
  }
  durations.add(25_200.5);
  assert.deepEqual([durations.count, durations.longestMs, durations.percentile(100)], [1_001, 25_200.5, 25_200.5]);
  const short = new Histogram();
  for (const ms of [0, 0.001, 0.05]) short.add(ms);
  assert.ok(short.percentile(100) <= 0.05);
});

test('methods are counted by outcome; those beyond the limit are counted together, and unobserved requests have no duration', () => {
  const latencies = new Latencies();
  const ended = (fields: Partial<EndedRequest>): EndedRequest => ({
    type: 'REQUEST',
    service: 'opensrf.math',
    method: 'add',
    outcome: 'ok',
    durationMs: 2,
    ...fields,
  });
  for (let times = 0; times < 3; times++) latencies.add(ended({}));
  latencies.add(ended({ outcome: 'unseen', durationMs: 99 }));
  for (const outcome of ['failed', 'refused', 'lost'] as const) latencies.add(ended({ method: 'div', outcome, durationMs: 9 }));
  latencies.add(ended({ type: 'CONNECT' }));
  const [add, div] = latencies.reports();
  assert.deepEqual([add?.method, add?.requests, add?.ok, add?.failed, add?.unseen, add?.maxMs], ['add', 4, 3, 0, 1, 2]);
  assert.deepEqual([div?.method, div?.requests, div?.failed, div?.refused, div?.lost, div?.p50Ms], ['div', 3, 1, 1, 1, 9]);
  for (let n = 0; n < 600; n++) {
    latencies.add(ended({ method: `m${n}` }));
    latencies.add(ended({ method: 'often' }));
  }
  const reports = latencies.reports();
  assert.equal(reports[0]?.method, 'often', 'the least recently called one goes');
  assert.equal(reports[0].requests, 600);
  assert.equal(reports.length, 501);
  assert.equal(reports.find(({ service }) => service === OTHER_METHODS)?.requests, 601 - 500 + 7);
  assert.equal(
    reports.reduce((sum, { requests }) => sum + requests, 0),
    1_207,
  );
});

test('every request without a good answer has a reason in one sentence', () => {
  const router = 'router@localhost/opensrf.math';
  const cases: [fields: Partial<Exchange>, outcome: string, reason: RegExp][] = [
    [{}, 'ok', /^$/],
    [{ state: 'refused', statusCode: 500, status: 'died' }, 'failed', /^The service answered with status 500: died$/],
    [
      { state: 'refused', statusCode: 404, status: 'Service opensrf.math is not registered', worker: router, handOvers: 0 },
      'refused',
      /^The router refused it: 404: Service opensrf/,
    ],
    [
      { state: 'bounced', statusCode: 403, condition: 'forbidden', status: 'not trusted', worker: router, handOvers: 0 },
      'refused',
      /^The router refused it: forbidden 403: not trusted$/,
    ],
    [
      { state: 'refused', statusCode: 503, status: 'Service opensrf.math lost its listener', worker: router },
      'lost',
      /^The listener opensrf@localhost\/listener was lost before/,
    ],
    [{ state: 'refused', statusCode: 503, status: 'Service opensrf.math lost the worker of this request', worker: router }, 'lost', /^The worker ended before/],
    [
      { state: 'bounced', statusCode: 503, condition: 'service-unavailable', worker: 'opensrf@localhost/gone', handOvers: 0 },
      'lost',
      /^It bounced from opensrf@localhost\/gone: service-unavailable 503$/,
    ],
    [{ state: 'abandoned' }, 'lost', /^The client opensrf@localhost\/alice left before/],
    [{ state: 'abandoned', resent: true }, 'lost', /^The client sent it again/],
    [{ state: 'forgotten' }, 'unseen', /This is no failure/],
    [{ state: 'open', worker: '' }, 'open', /^Unanswered for 61 s: the listener opensrf@localhost\/listener has the request, and no worker has answered\.$/],
    [{ state: 'open' }, 'open', /^Unanswered for 61 s: the worker opensrf@localhost\/worker has answered in part\.$/],
  ];
  for (const [fields, expected, reason] of cases) {
    const one = exchange(fields);
    const outcome = outcomeOf(one, ROUTERS);
    assert.equal(outcome, expected, JSON.stringify(fields));
    assert.match(reasonOf(one, outcome, '', 62_000), reason);
  }
  assert.equal(reasonOf(exchange({ state: 'open' }), 'open', '', 60_000), '', 'it may still get its answer');
  assert.match(
    reasonOf(exchange({ state: 'refused', statusCode: 500, status: 'injected fault' }), 'failed', 'status', 0),
    /^Injected fault "status"\. The service answered/,
  );
});
