#!/usr/bin/env node
// Listeners are killed, stopped and ended at random while clients ask; every request must be accounted for.
//
//   npm run build && node scripts/chaos.js [--requests 1000000] [--seconds 600] [--seed N]
//
// The short version of it is test/chaos.test.ts. Exit code 0 only if nothing was lost, answered twice, executed twice or out of order.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '600' },
    clients: { type: 'string', default: '50' },
    listeners: { type: 'string', default: '6' },
    window: { type: 'string', default: '16' },
    'large-bytes': { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'usage: node scripts/chaos.js [--requests N] [--seconds N] [--clients N] [--listeners N] [--window N] [--large-bytes N] [--seed N]   (after npm run build)',
  );
  process.exit(0);
}

const { runChaos } = await import('../dist/test/support/chaos.js');
const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
console.log(`seed ${options.seed}`);
try {
  const numbers = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Number(value)]));
  const begin = Date.now();
  const report = await runChaos({ ...numbers, largeBytes: Number(options['large-bytes']), folder });
  console.log(JSON.stringify({ ...report, seconds: Math.round((Date.now() - begin) / 1000) }));
  process.exitCode = report.lost + report.answeredTwice + report.executedTwice + report.outOfOrder === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
