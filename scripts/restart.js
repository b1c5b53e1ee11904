#!/usr/bin/env node
// Restarts a server again and again while clients ask; every request must reach its listener, and its answer the client, once and in order.
//
//   npm run build && node scripts/restart.js --captures
//   npm run build && node scripts/restart.js [--restarts 100] [--requests 1000000] [--clients 50] [--services 10] [--window 8] [--idle 0] [--seed N]
//
// The short version of it is test/restart.test.ts. Exit code 0 only if nothing was lost, doubled or out of order, and no session ended.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    restarts: { type: 'string', default: '100' },
    requests: { type: 'string', default: '1000000' },
    clients: { type: 'string', default: '50' },
    services: { type: 'string', default: '10' },
    window: { type: 'string', default: '8' },
    idle: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    captures: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'usage: node scripts/restart.js [--restarts N] [--requests N] [--clients N] [--services N] [--window N] [--idle N] [--seed N] | --captures   (after npm run build)',
  );
  process.exit(0);
}

if (options.captures) {
  const [{ OTHERWISE, readCaptures }, { playWithRestarts }] = await Promise.all([
    import('../dist/test/support/capture.js'),
    import('../dist/test/support/restart-captures.js'),
  ]);
  let sum = 0;
  for (const capture of readCaptures()) {
    if (capture.name in OTHERWISE) continue;
    const folder = mkdtempSync(join(tmpdir(), 'restart-'));
    const outcome = await playWithRestarts(capture, folder).catch((error) => error);
    rmSync(folder, { recursive: true, force: true });
    console.log(`${capture.name}: ${outcome instanceof Error ? `FAULT ${outcome.message}` : `${outcome} restarts`}`);
    if (outcome instanceof Error) process.exitCode = 1;
    else sum += outcome;
  }
  console.log(`${sum} restarts`);
  process.exit();
}

const { runRestarts } = await import('../dist/test/support/restart-load.js');
const folder = mkdtempSync(join(tmpdir(), 'restart-'));
console.log(`seed ${options.seed}`);
try {
  const begin = Date.now();
  const report = await runRestarts({ ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, Number(value)])), folder });
  const paused = report.restarts.map(({ pausedMs }) => pausedMs).sort((one, other) => one - other);
  const sessions = report.restarts.at(-1)?.sessions ?? 0;
  console.log(`${report.requests} requests, ${report.restarts.length} restarts of ${sessions} sessions in ${Math.round((Date.now() - begin) / 1000)} s`);
  console.log(
    `pause: median ${paused[paused.length >> 1]} ms, longest ${paused.at(-1)} ms; longest time without an answer ${Math.round(report.longestGapMs)} ms`,
  );
  for (const fault of report.faults.slice(0, 20)) console.log(`FAULT ${fault}`);
  process.exitCode = report.faults.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
