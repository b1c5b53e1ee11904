import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runChaos } from './support/chaos.ts';

// scripts/chaos.js plays the same for as long as one likes.
test('listeners killed, stopped and ended at random: every request is answered once or refused, none is executed twice, order is kept', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed} (repeat with CHAOS_SEED=${seed})`);
  const report = await runChaos({ seed, requests: 6_000, seconds: 4, clients: 20, listeners: 5, window: 10, largeBytes: 300_000, folder });
  t.diagnostic(JSON.stringify(report));
  const { sent, answered, refused, lost, answeredTwice, executedTwice, outOfOrder, killed, stopped } = report;
  assert.deepEqual({ lost, answeredTwice, executedTwice, outOfOrder }, { lost: 0, answeredTwice: 0, executedTwice: 0, outOfOrder: 0 });
  assert.equal(sent, 6_000);
  assert.equal(answered + refused, sent);
  // How much of each is a matter of the machine's other work.
  assert.ok(answered > 100 && killed + stopped > 5, 'there was work, and there was trouble');
});
