import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runClusterChaos } from '../support/chaos-cluster/chaos.ts';
import { NO_NATS } from '../support/nats-server.ts';

// scripts/chaos-cluster.js plays the same, with freezes and cuts, for as long as one likes.
test('members and NATS servers are killed: every request to the others is answered or refused, and none is executed twice', { skip: NO_NATS }, async (t) => {
  const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed} (repeat with CHAOS_SEED=${seed})`);
  const size = { requests: 2_500, members: 3, clients: 4, listeners: 1, window: 16, rate: 200, largeBytes: 200_000 };
  const options = { ...size, seed, only: 'kill -9', cuts: false, other: '', memberOptions: [], onStart: () => {}, onEvent: () => {} };
  const { events, executedTwice } = await runClusterChaos(options);
  for (const event of events) t.diagnostic(JSON.stringify(event));
  const sum = (name: 'sent' | 'answered' | 'refused' | 'abandoned' | 'silent' | 'torn' | 'answeredTwice') =>
    events.reduce((total, event) => total + event[name], 0);
  assert.deepEqual([sum('silent'), sum('torn'), sum('answeredTwice'), executedTwice], [0, 0, 0, 0]);
  assert.equal(sum('answered') + sum('refused') + sum('abandoned'), size.requests);
  assert.ok(sum('answered') > size.requests / 2 && events.length >= 2, 'there was work, and there was trouble');
});
