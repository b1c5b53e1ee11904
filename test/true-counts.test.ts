import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthReport } from '../server/control/health.ts';
import type { TraceSummary } from '../server/control/trace/trace-entry.ts';
import { LOGIN, startControlledServer } from './support/control.ts';
import { LedgerLoad, type RecordedCall } from './support/ledger-load.ts';

/** Of the shape of Evergreen's: many short requests to a store, a few long ones around them. */
const CALLS: readonly RecordedCall[] = [
  ...Array.from({ length: 12 }, (_, index) => ({
    service: 'open-ils.store',
    method: `open-ils.store.retrieve.${index % 4}`,
    params: [index],
    ms: 0,
    results: [{ __c: 'row', __p: [index, 'x'.repeat(40 * index)] }],
  })),
  { service: 'open-ils.actor', method: 'open-ils.actor.user.retrieve', params: ['key', { flesh: true }], ms: 3, results: [['a', 'b']] },
  { service: 'open-ils.circ', method: 'open-ils.circ.checkin.override', params: [{ barcode: 'B1' }], ms: 300, results: [{ textcode: 'SUCCESS' }] },
  { service: 'open-ils.circ', method: 'open-ils.circ.large', params: [], ms: 1, results: ['y'.repeat(400_000)] },
];

test('every count of the control interface is that of the clients’ own ledger', async (t) => {
  const started = await startControlledServer(t);
  const load = new LedgerLoad({ login: { ...LOGIN, ...started.address }, calls: CALLS, workers: 4, clients: 8, rate: null });
  await load.start();
  t.after(() => load.stop());
  await load.run(600);
  const health = (await started.json('/api/v1/health')) as unknown as HealthReport;
  assert.deepEqual(health.notObserved.requests, 0);
  const counted = health.methods.filter(({ service }) => service.startsWith('open-ils.'));
  assert.deepEqual(
    new Map(counted.map(({ service, method, ok, failed, refused, lost }) => [`${service} ${method}`, { ok, failed, refused, lost }] as const).sort()),
    new Map([...load.ledger].sort()),
  );
  assert.deepEqual(
    counted.filter(({ unseen }) => unseen > 0),
    [],
  );
  const slowest = counted.find(({ method }) => method === 'open-ils.circ.checkin.override');
  assert.ok((slowest?.p50Ms ?? 0) >= 295 && (slowest?.maxMs ?? 0) >= (slowest?.p99Ms ?? 0));
  const { requests: slow } = (await started.json('/api/v1/requests?slowerThan=290&limit=5000')) as unknown as { readonly requests: readonly TraceSummary[] };
  const outer = slow.filter(({ method, outcome }) => method === 'open-ils.circ.checkin.override' && outcome === 'ok');
  assert.equal(outer.length, slowest?.ok, 'the slow ones are remembered');
});
