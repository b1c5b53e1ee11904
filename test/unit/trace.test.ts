import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latencies, percentiles } from '../../server/control/latencies.ts';
import { Budget } from '../../server/control/trace/budget.ts';
import { TraceFilter } from '../../server/control/trace/filter.ts';
import { TraceRing } from '../../server/control/trace/ring.ts';
import type { TraceEntry, TraceSummary } from '../../server/control/trace/trace-entry.ts';

function summary(fields: Partial<TraceSummary> = {}): TraceSummary {
  return {
    id: 1,
    at: 1000,
    type: 'REQUEST',
    service: 'opensrf.math',
    method: 'add',
    state: 'complete',
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

/** The result of a whole search. */
function all<Result>(search: Generator<void, Result, void>): Result {
  for (let bit = search.next(); ; bit = search.next()) if (bit.done === true) return bit.value;
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
    ['status=failed', true, { state: 'refused', statusCode: 404 }],
    ['status=failed', true, { state: 'abandoned' }],
    ['status=failed', false, { state: 'open' }],
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
  assert.match(String(TraceFilter.parse(new URLSearchParams('slowerThan=soon'))), /not a number/);
});

test('a ring keeps limited numbers of entries and characters, and forgets the oldest first', () => {
  const any = TraceFilter.parse(new URLSearchParams()) as TraceFilter;
  const ids = (ring: TraceRing) => all(ring.search(any, 100)).map(({ summary: { id } }) => id);
  const byNumber = new TraceRing({ exchanges: 3, bytes: 1e6 });
  for (let id = 1; id <= 5; id++) byNumber.add(entry({ id }));
  assert.deepEqual(ids(byNumber), [5, 4, 3]);
  assert.equal(byNumber.get(2), undefined);
  assert.equal(byNumber.get(3)?.summary.id, 3);
  const bySize = new TraceRing({ exchanges: 100, bytes: 25_000 });
  for (let id = 1; id <= 5; id++) bySize.add(entry({ id }, 'x'.repeat(10_000)));
  assert.deepEqual(ids(bySize), [5, 4]);
  bySize.add(entry({ id: 6 }, 'x'.repeat(100_000)));
  assert.deepEqual(ids(bySize), [], 'what is too large by itself is not kept at all');
  assert.deepEqual(all(byNumber.search(any, 2)).length, 2);
});

test('a budget is spent by the clock and filled by it; eight hundred stanzas a second are free', () => {
  const budget = new Budget(5, 0);
  const look = (stanzas: number) => {
    for (let n = 0; n < stanzas; n++) budget.spendOnStanza(0);
  };
  budget.spend(30);
  assert.deepEqual([budget.exhausted, budget.overdrawn], [false, false], 'eight hundred stanzas may take as long as they take');
  look(800);
  assert.deepEqual([budget.exhausted, budget.overdrawn], [true, true]);
  budget.refill(1_200);
  assert.deepEqual([budget.exhausted, budget.overdrawn], [false, false]);
  look(800);
  assert.deepEqual([budget.exhausted, budget.overdrawn], [true, false], 'what has begun may end');
  budget.refill(10_000_000);
  look(800);
  assert.equal(budget.exhausted, false);
  budget.spend(20);
  assert.equal(budget.exhausted, true, 'no more than 20 ms are saved up');
  budget.spend(10_000);
  budget.refill(10_009_900);
  look(800);
  assert.equal(budget.exhausted, true, 'of 50 ms that are owed at the most…');
  budget.refill(10_010_100);
  look(800);
  assert.equal(budget.exhausted, false, '…the last are paid back in the time they take');
});

test('a spent budget is refilled when due, not in small amounts', () => {
  const budget = new Budget(5, 0);
  for (let n = 0; n < 800; n++) budget.spendOnStanza(0.1);
  assert.equal(budget.exhausted, true);
  for (const now of [1, 50, 99]) budget.refillIfDue(now);
  assert.equal(budget.exhausted, true);
  budget.refillIfDue(100);
  assert.equal(budget.exhausted, false);
});

test('percentiles are numbers that were there', () => {
  assert.deepEqual(percentiles([], [50, 99]), [0, 0]);
  assert.deepEqual(percentiles([3, 1, 2], [0, 50, 99, 100]), [1, 2, 3, 3]);
  assert.deepEqual(
    percentiles(
      Array.from({ length: 100 }, (_, index) => index + 1),
      [50, 95, 99],
    ),
    [50, 95, 99],
  );
});

test('latencies are reported by service and method, for a bounded number of methods, without CONNECTs and open requests', () => {
  const latencies = new Latencies();
  for (const durationMs of [1, 2, 3]) latencies.add(summary({ durationMs }));
  latencies.add(summary({ method: 'mult', state: 'refused', durationMs: 9 }));
  latencies.add(summary({ durationMs: null }));
  latencies.add(summary({ type: 'CONNECT' }));
  assert.deepEqual(latencies.reports(), [
    { service: 'opensrf.math', method: 'add', requests: 3, failed: 0, p50Ms: 2, p95Ms: 3, p99Ms: 3, maxMs: 3 },
    { service: 'opensrf.math', method: 'mult', requests: 1, failed: 1, p50Ms: 9, p95Ms: 9, p99Ms: 9, maxMs: 9 },
  ]);
  for (let n = 0; n < 600; n++) latencies.add(summary({ method: `m${n}` }));
  assert.equal(latencies.reports().length, 500);
});
