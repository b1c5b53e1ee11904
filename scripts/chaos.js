#!/usr/bin/env node
// Listeners are killed, stopped and ended at random while clients ask; every request must be accounted for.
//
//   npm run build && node scripts/chaos.js [--requests 1000000] [--seconds 600] [--policy error|reroute] [--per-thread 8] [--seed N]
//
// The short version of it is test/chaos.test.ts. Exit code 0 only if no request was left
// silent, answered twice, answered in part, out of order or, with policy "error", executed twice.
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
    'per-thread': { type: 'string', default: '8' },
    policy: { type: 'string', default: 'error' },
    'large-bytes': { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'usage: node scripts/chaos.js [--requests N] [--seconds N] [--clients N] [--listeners N] [--window N] [--per-thread N] [--policy error|reroute] [--large-bytes N] [--seed N]   (after npm run build)',
  );
  process.exit(0);
}

const { runChaos } = await import('../dist/test/support/chaos.js');
const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
console.log(`seed ${options.seed}`);
try {
  const { policy } = options;
  const numbers = Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Number(value)]));
  const begin = Date.now();
  const report = await runChaos({ ...numbers, policy, perThread: numbers['per-thread'], largeBytes: numbers['large-bytes'], folder });
  console.log(JSON.stringify({ ...report, seconds: Math.round((Date.now() - begin) / 1000) }));
  const executedTwice = policy === 'error' ? report.executedTwice : 0;
  process.exitCode = report.silent + report.answeredTwice + report.torn + report.outOfOrder + executedTwice === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
