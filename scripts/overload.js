#!/usr/bin/env node
// More load than the server can carry, for a while: does it still take logins, answer pings and its control interface, keep its memory within bounds, and recover when it is over?
//
//   npm run build && node scripts/overload.js [--seconds 60]
//
// Exit code 1 if a login or a call fails, memory grows beyond 1 GB, or a ping takes more than a second one second after the end.
import { parseArgs } from 'node:util';
import { login } from './load/peer.js';
import { startLoad, startPinger, startServer, wait } from './load/server.js';

const { values: options } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const SECONDS = Number(options.seconds);
const MAX_MB = 1_000;

const server = await startServer('--domain', 'localhost');
const { url, token } = server.files();
const pinger = await startPinger(server.port, 'overload');
// Two generators of a hundred clients each, with thousands of requests under way: more than one process answers at any time.
const loads = [1, 2].map((index) => startLoad(server.port, { name: index, listeners: 4, clients: 100, window: 16, reconnectAfter: 2_000 }));
const problems = [];
let nextLine = 0;
console.log('second  answered/s  refused/s  login ms  control ms  ping p50  ping p99  ping max  server MB');

async function timed(what, action) {
  const start = performance.now();
  try {
    await action();
  } catch (error) {
    problems.push(`${what} failed: ${error.message}`);
  }
  return (performance.now() - start).toFixed(0);
}

const end = Date.now() + SECONDS * 1_000;
for (let second = 1; Date.now() < end; second++) {
  await wait(1_000);
  const loginMs = await timed('a login', async () => (await login({ port: server.port }, `late${second}`)).end('</stream:stream>'));
  const controlMs = await timed('the control interface', async () => {
    const response = await fetch(`${url}/api/v1/server`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`status ${response.status}`);
    await response.text();
  });
  const rss = server.rssMb();
  if (rss > MAX_MB) problems.push(`${rss} MB`);
  const sum = (name) => loads.reduce((total, { perSecond }) => total + (perSecond.at(-1)?.[name] ?? 0), 0);
  if (Date.now() < nextLine) continue;
  nextLine = Date.now() + 5_000;
  const { p50, p99, max } = await pinger.report();
  console.log(
    [Math.round((Date.now() - end) / 1_000) + SECONDS, sum('answered'), sum('refused'), loginMs, controlMs, p50, p99, max, rss]
      .map((cell) => String(cell).padStart(8))
      .join('  '),
  );
}
for (const load of loads) await load.stop();
await wait(1_000);
await pinger.report();
await wait(1_000);
const after = await pinger.report();
console.log(`one second after the end: ${JSON.stringify(after)}, ${server.rssMb()} MB`);
if (after.max > 1_000 || after.pings === 0) problems.push('it has not recovered within a second');
await pinger.stop();
await server.stop();
for (const problem of new Set(problems)) console.log(`PROBLEM: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
