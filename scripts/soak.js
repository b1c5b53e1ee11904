#!/usr/bin/env node
// Full load with clients that come and go, for as long as one likes: heap, handles and the delay that others notice are to stay flat.
//
//   npm run build && node scripts/soak.js [--minutes 30] [--clients 50] [--window 8]
//
// Exit code 1 if, of the time behind the first quarter, the median of the last third is much more than that of the first: heap and resident memory by a quarter and 20 MB,
// handles by 20, the delay by 50 ms.
import { parseArgs } from 'node:util';
import { startLoad, startPinger, startServer, wait } from './load/server.js';

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, clients: { type: 'string', default: '50' }, window: { type: 'string', default: '8' } },
});
const SAMPLE_MS = 5_000;
const server = await startServer('--domain', 'localhost');
const { url, token } = server.files();
const load = startLoad(server.port, { listeners: 8, clients: Number(options.clients), window: Number(options.window), reconnectAfter: 500 });
const pinger = await startPinger(server.port, 'soak');
const samples = [];

async function sample() {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  const value = (name) => Number(new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+-]+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const sum = (name) => [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} ([0-9.e+-]+)`, 'gm'))].reduce((total, [, one]) => total + Number(one), 0);
  const done = load.perSecond.splice(0);
  const perSecond = (name) => Math.round(done.reduce((sum, counts) => sum + counts[name], 0) / Math.max(1, done.length));
  return {
    heapMb: value('nodejs_heap_size_used_bytes') / 1e6,
    rssMb: server.rssMb(),
    handles: sum('nodejs_active_resources'),
    // The delay of the event loop as others see it: the time of a ping.
    delayMs: (await pinger.report()).p99,
    answered: perSecond('answered'),
    logins: perSecond('logins'),
    lost: done.reduce((sum, counts) => sum + counts.lost, 0),
  };
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

const end = Date.now() + Number(options.minutes) * 60_000;
console.log('minute  answered/s  logins/s  lost  heap MB  rss MB  handles  ping p99 ms');
while (Date.now() < end) {
  await wait(SAMPLE_MS);
  const now = await sample();
  samples.push(now);
  if (samples.length % 12 !== 1) continue;
  const cells = [now.answered, now.logins, now.lost, now.heapMb.toFixed(0), now.rssMb, now.handles, now.delayMs.toFixed(1)];
  console.log([((samples.length * SAMPLE_MS) / 60_000).toFixed(1), ...cells].map((cell) => String(cell).padStart(7)).join('  '));
}
await pinger.stop();
await load.stop();
await server.stop();
const settled = samples.slice(samples.length >> 2);
const third = Math.ceil(settled.length / 3);
const [first, last] = [settled.slice(0, third), settled.slice(-third)];
const problems = [];
for (const [name, factor, more] of [
  ['heapMb', 1.25, 20],
  ['rssMb', 1.25, 20],
  ['handles', 1, 20],
  ['delayMs', 1, 50],
]) {
  const [early, late] = [first, last].map((part) => median(part.map((one) => one[name])));
  console.log(`${name}: median ${early.toFixed(1)} early, ${late.toFixed(1)} late`);
  if (!(late <= early * factor + more)) problems.push(name);
}
console.log(
  `lost: ${samples.reduce((sum, { lost }) => sum + lost, 0)}, requests answered: about ${Math.round(samples.reduce((sum, { answered }) => sum + answered, 0) * (SAMPLE_MS / 1_000))}`,
);
if (problems.length > 0) console.log(`NOT FLAT: ${problems.join(', ')}`);
process.exitCode = problems.length > 0 ? 1 : 0;
