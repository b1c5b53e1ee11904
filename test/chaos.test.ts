import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runChaos } from './support/chaos.ts';

// scripts/chaos.js plays the same for as long as one likes.
const SIZE = { requests: 6_000, seconds: 4, clients: 20, listeners: 5, window: 40, perThread: 8, largeBytes: 300_000 };

for (const policy of ['error', 'reroute'] as const) {
  const executed = policy === 'error' ? 'none is executed twice, ' : '';
  test(`listeners killed, stopped and ended at random, policy "${policy}": every request of a thread ends once, ${executed}order is kept`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
    t.diagnostic(`seed ${seed} (repeat with CHAOS_SEED=${seed})`);
    const report = await runChaos({ ...SIZE, seed, policy, folder });
    t.diagnostic(JSON.stringify(report));
    const { sent, answered, refused, silent, answeredTwice, torn, executedTwice, outOfOrder, killed, stopped } = report;
    assert.deepEqual({ silent, answeredTwice, torn, outOfOrder }, { silent: 0, answeredTwice: 0, torn: 0, outOfOrder: 0 });
    if (policy === 'error') assert.equal(executedTwice, 0);
    assert.equal(sent, SIZE.requests);
    assert.equal(answered + refused, sent);
    // How much of each is a matter of the machine's other work.
    assert.ok(answered > 100 && killed + stopped > 5, 'there was work, and there was trouble');
  });
}
