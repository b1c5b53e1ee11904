#!/usr/bin/env node
// How long a test waits for its fixture.
//
//   npm run build && node scripts/bench-fixture.js [--times 20] [--json]
//
// In process: from startChopChop() to the answer of the first request to a stub, and the CPU of one request. As a command: `exec -- true`, from exec to exit, beside
// `node -e 0`, which is the floor for anything that runs in Node.
import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { times: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } } });
const times = Number(options.times);
const REQUESTS = 2_000;
const main = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));
const { startChopChop } = await import('../dist/server/index.js');

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

async function inProcess() {
  const begin = performance.now();
  const jabber = await startChopChop();
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  const sum = await jabber.request('opensrf.math', 'add', 2, 2);
  const ms = performance.now() - begin;
  if (sum !== 4) throw new Error(`2 + 2 was ${sum}`);
  await jabber.stop();
  return ms;
}

/** CPU of one request of a fixture's client to a stub, in microseconds: client, router, stub and answer are one process. */
async function cpuOfRequest() {
  const jabber = await startChopChop();
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  const client = await jabber.connect();
  for (let count = 0; count < 500; count++) await client.request('opensrf.math', 'add', 2, 2);
  const before = process.cpuUsage();
  for (let count = 0; count < REQUESTS; count++) await client.request('opensrf.math', 'add', 2, 2);
  const { user, system } = process.cpuUsage(before);
  await jabber.stop();
  return (user + system) / REQUESTS;
}

function command(...args) {
  const begin = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with exit code ${status}: ${stderr}`);
  return performance.now() - begin;
}

const rows = [];
async function measure(title, limitMs, run) {
  const all = [];
  for (let count = 0; count < times; count++) all.push(await run());
  rows.push({ title, limitMs, medianMs: median(all), firstMs: all[0], bestMs: Math.min(...all), worstMs: Math.max(...all) });
}

await measure('startChopChop() to the first answer', 50, inProcess);
await measure('exec -- true', 400, () => command(main, 'exec', '--', 'true'));
await measure('node -e 0', null, () => command('-e', '0'));

const costs = [];
for (let count = 0; count < 5; count++) costs.push(await cpuOfRequest());
const cpuUs = median(costs);

if (options.json) console.log(JSON.stringify({ rows, cpuUs }));
else {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}, ${times} times`,
  );
  console.log(`${''.padEnd(38)} median    first     best    worst    limit ms`);
  for (const { title, limitMs, ...ms } of rows) {
    const cells = [ms.medianMs, ms.firstMs, ms.bestMs, ms.worstMs].map((value) => value.toFixed(1).padStart(8));
    console.log(`${title.padEnd(36)} ${cells.join(' ')} ${String(limitMs ?? '').padStart(8)}`);
  }
  console.log(`${'CPU of a request to a stub'.padEnd(36)} ${cpuUs.toFixed(1).padStart(8)} us`);
}
