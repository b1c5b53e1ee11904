#!/usr/bin/env node
// How long a test waits for its fixture.
//
//   npm run build && node scripts/bench-fixture.js [--times 20] [--fixtures 1000] [--json]
//
// Measures the package as it is published. In a warm process: from startChopChop() to the answer of the first request to a stub, and the CPU of one request. As
// processes: `import`, `require` and `exec -- true`, alternately with `node -e 0`, which is the floor for anything that runs in Node. Then fixtures one after another:
// memory and sockets that are left. On a busy machine compare the best times, and processor time.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { stagePackage } from './release/package.js';
import { root } from './release/root.js';

const { values: options } = parseArgs({
  options: { times: { type: 'string', default: '20' }, fixtures: { type: 'string', default: '1000' }, json: { type: 'boolean', default: false } },
});
const times = Number(options.times);
const WARM_UP = 100;
const REQUESTS = 2_000;

const work = mkdtempSync(join(tmpdir(), 'chopchop-bench-'));
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

/** Installs the package, with this project's packages beside it. */
async function install() {
  const modules = join(work, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(root, 'node_modules'))) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  await stagePackage(join(modules, 'opensrf-chopchop'));
  return createRequire(join(work, 'test.cjs'))('opensrf-chopchop');
}

async function firstAnswer(startChopChop) {
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
async function cpuOfRequest(startChopChop) {
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

/** Memory and sockets of this process when it is quiet. */
async function state() {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const files = process.platform === 'linux' ? readdirSync('/proc/self/fd').map(targetOf) : [];
  return { heapBytes: process.memoryUsage().heapUsed, sockets: files.filter((target) => target.startsWith('socket:')).length };
}

function targetOf(descriptor) {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    // That of the folder, which is closed.
    return '';
  }
}

/** Fixtures one after another: the growth of the heap for each, and sockets that are left. */
async function oneAfterAnother(startChopChop, fixtures) {
  const before = await state();
  for (let count = 0; count < fixtures; count++) await firstAnswer(startChopChop);
  const after = await state();
  return { fixtures, heapBytesEach: Math.round((after.heapBytes - before.heapBytes) / fixtures), socketsLeft: after.sockets - before.sockets };
}

const PROCESSES = [
  { title: 'node -e 0', args: ['-e', '0'] },
  { title: "import 'opensrf-chopchop'", goalMs: 60, args: ['--input-type=module', '-e', "import 'opensrf-chopchop'"] },
  { title: "require('opensrf-chopchop')", goalMs: 60, args: ['-e', "require('opensrf-chopchop')"] },
  { title: 'exec -- true', goalMs: 200, args: [join(work, 'node_modules/opensrf-chopchop/dist/bin/main.cjs'), 'exec', '--', 'true'] },
];

/** Processor time of all ended child processes, in steps of 10 ms; NaN where there is no /proc. */
function childrenCpuMs() {
  if (process.platform !== 'linux') return Number.NaN;
  // proc(5): cutime and cstime, counted behind the name, which may contain anything.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
  return 10 * (Number(fields[13]) + Number(fields[14]));
}

/** Wall time and processor time of a process. */
function timesOf(args) {
  const [begin, cpuBefore] = [performance.now(), childrenCpuMs()];
  // The compiled code of `exec` stays in this folder.
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: work, env: { ...process.env, HOME: work, XDG_CACHE_HOME: '' } });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with exit code ${status}: ${stderr}`);
  return { ms: performance.now() - begin, cpuMs: childrenCpuMs() - cpuBefore };
}

/** Times of processes, one of each in turn. */
function processes() {
  for (const { args } of PROCESSES) timesOf(args);
  const all = PROCESSES.map(() => []);
  for (let count = 0; count < times; count++) PROCESSES.forEach(({ args }, index) => void all[index].push(timesOf(args)));
  const figures = all.map((runs) => {
    const ms = runs.map((run) => run.ms);
    return { medianMs: median(ms), bestMs: Math.min(...ms), cpuMs: runs.reduce((sum, run) => sum + run.cpuMs, 0) / times };
  });
  const [floor] = figures;
  return PROCESSES.map(({ title, goalMs = null }, index) => {
    const own = figures[index];
    return { title, goalMs, ...own, over: Object.fromEntries(Object.entries(own).map(([name, value]) => [name, value - floor[name]])) };
  });
}

function print({ first, warm, rows, cpuUs, row }) {
  const machine = `${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}`;
  console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${machine}, ${times} times`);
  console.log(
    `startChopChop() to the first answer: the first in a process ${first.toFixed(1)} ms; warm: median ${median(warm).toFixed(2)} ms, best ${Math.min(...warm).toFixed(2)} ms (goal: median 2)`,
  );
  console.log(`CPU of a request to a stub: ${cpuUs.toFixed(0)} us`);
  console.log(`${row.fixtures} fixtures one after another: ${row.heapBytesEach} bytes of heap left for each, ${row.socketsLeft} sockets left`);
  console.log(`${''.padEnd(30)}  median    best     CPU   over node -e 0: median    best     CPU    goal (ms)`);
  for (const { title, goalMs, over, ...own } of rows) {
    const cells = ({ medianMs, bestMs, cpuMs }) => [medianMs, bestMs, cpuMs].map((value) => value.toFixed(0).padStart(8)).join('');
    console.log(`${title.padEnd(30)}${cells(own)}${' '.repeat(17)}${cells(over)}${String(goalMs ?? '').padStart(8)}`);
  }
}

try {
  const { startChopChop } = await install();
  const first = await firstAnswer(startChopChop);
  for (let count = 0; count < WARM_UP; count++) await firstAnswer(startChopChop);
  const warm = [];
  for (let count = 0; count < 10 * times; count++) warm.push(await firstAnswer(startChopChop));
  const costs = [];
  for (let count = 0; count < 5; count++) costs.push(await cpuOfRequest(startChopChop));
  const row = await oneAfterAnother(startChopChop, Number(options.fixtures));
  const result = { first, warm, rows: processes(), cpuUs: median(costs), row };
  if (options.json) console.log(JSON.stringify(result));
  else print(result);
} finally {
  rmSync(work, { recursive: true, force: true });
}
