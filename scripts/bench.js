#!/usr/bin/env node
// Measures the server against the floor: the same OpenSRF traffic through scripts/bench/nullrelay.c, a C program that checks nothing.
//
//   npm run bench                      the usual rows, three rounds
//   npm run bench -- --rounds 5 --seconds 3 --only routed,direct,classes,listeners
//
// Floor and server run in turns within each round, and the figure to look at is the ratio of server CPU per request, the median
// over the rounds: requests per second depend on what else the machine does.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const main = join(here, '../dist/server/main.js');
const folder = mkdtempSync(join(tmpdir(), 'chopchop-bench-'));
const DOMAIN = 'localhost';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'routed,direct,fan-in,classes,listeners' },
    json: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds);
const wanted = new Set(options.only.split(','));

const ROWS = [
  { name: 'routed', title: 'routed, window 8', load: ['--clients', '8', '--listeners', '4', '--window', '8'], floor: true },
  { name: 'routed', title: 'routed, window 1', load: ['--clients', '8', '--listeners', '4', '--window', '1'], floor: true },
  { name: 'direct', title: 'direct, window 8', load: ['--clients', '8', '--listeners', '4', '--window', '8', '--mode', 'direct'], floor: false },
  { name: 'fan-in', title: 'routed, 200 clients', load: ['--clients', '200', '--listeners', '8', '--window', '8'], floor: true },
  { name: 'issue', title: 'routed, 50 clients, window 16', load: ['--clients', '50', '--listeners', '8', '--window', '16'], floor: true },
  { name: 'classes', title: 'routed, 2,000 classes', load: ['--clients', '8', '--listeners', '4', '--window', '8'], floor: false, classes: 2_000 },
  { name: 'listeners', title: 'routed, 1 listener', load: ['--clients', '8', '--listeners', '1', '--window', '8'], floor: true },
  { name: 'listeners', title: 'routed, 1,000 listeners', load: ['--clients', '8', '--listeners', '1000', '--window', '8'], floor: true },
];

function compile(name) {
  const program = join(folder, name);
  const { status, stderr } = spawnSync('cc', ['-O2', '-w', '-o', program, join(here, 'bench', `${name}.c`)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot compile ${name}.c (a C compiler is needed): ${stderr}`);
  return program;
}

async function startServer() {
  const ready = join(folder, 'ready.json');
  rmSync(ready, { force: true });
  const child = spawn(process.execPath, [main, '--host', '127.0.0.1', '--port', '0', '--log-level', 'silent', '--ready-file', ready], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 10));
  return { child, port: JSON.parse(readFileSync(ready, 'utf8')).c2s[0].port };
}

async function startFloor(program) {
  // nullrelay binds the port it is given and says nothing but that it is taken, so another is tried then.
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const child = spawn(program, [String(port)], { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (child.exitCode === null) return { child, port };
  }
}

async function stop({ child }) {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A listener that registers many classes and stays. */
async function registerClasses(port, count) {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(`<stream:stream to='${DOMAIN}' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`);
  await once(socket, 'data');
  const fields = '<username>opensrf</username><password>password</password><resource>many</resource>';
  socket.write(`<iq id='1' type='set'><query xmlns='jabber:iq:auth'>${fields}</query></iq>`);
  await once(socket, 'data');
  const register = (index) =>
    `<message to='router@${DOMAIN}/router'><opensrf router_command='register' router_class='opensrf.class${index}'/><body>registering</body></message>`;
  socket.write(Array.from({ length: count }, (_, index) => register(index)).join(''));
  socket.write(`<iq id='2' type='get' to='${DOMAIN}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await once(socket, 'data');
  return socket;
}

function measure(program, { child, port }, load) {
  const args = ['--port', String(port), '--pids', String(child.pid), '--password', 'password', '--seconds', options.seconds, ...load];
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`osrfload failed: ${stderr}`);
  return JSON.parse(stdout);
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function oneRound(row, osrfload, nullrelay) {
  const server = await startServer();
  const registered = row.classes === undefined ? null : await registerClasses(server.port, row.classes);
  const ours = measure(osrfload, server, row.load);
  registered?.destroy();
  await stop(server);
  if (!row.floor) return { ours, floor: null };
  const relay = await startFloor(nullrelay);
  const floor = measure(osrfload, relay, row.load);
  await stop(relay);
  return { ours, floor };
}

function summarize(title, results) {
  const cpu = (which) => median(results.map((result) => result[which].server_cpu_us_per_req));
  const floor = results[0].floor === null ? null : cpu('floor');
  return {
    title,
    cpuUs: cpu('ours'),
    floorCpuUs: floor,
    ratio: floor === null ? null : median(results.map(({ ours, floor: base }) => ours.server_cpu_us_per_req / base.server_cpu_us_per_req)),
    requestsPerSecond: median(results.map(({ ours }) => ours.req_per_s)),
    p99Us: median(results.map(({ ours }) => ours.p99_us)),
    rssMb: Math.round(median(results.map(({ ours }) => ours.server_rss_kb)) / 1024),
    lost: results.reduce((sum, { ours }) => sum + ours.lost, 0),
    errors: results.reduce((sum, { ours }) => sum + ours.errors, 0),
  };
}

function printRow({ title, cpuUs, floorCpuUs, ratio, requestsPerSecond, p99Us, rssMb, lost, errors }) {
  const cells = [
    title.padEnd(30),
    cpuUs.toFixed(1).padStart(8),
    (floorCpuUs?.toFixed(1) ?? '-').padStart(8),
    (ratio?.toFixed(1) ?? '-').padStart(6),
    requestsPerSecond.toLocaleString('en').padStart(10),
    String(p99Us).padStart(8),
    String(rssMb).padStart(6),
    `${lost}/${errors}`.padStart(6),
  ];
  console.log(cells.join(' '));
}

try {
  const [osrfload, nullrelay] = [compile('osrfload'), compile('nullrelay')];
  console.log(`${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0].model.trim()}, median of ${rounds}`);
  console.log(`${''.padEnd(30)} us CPU/r  floor us  ratio      req/s   p99 us RSS MB  lost/errors`);
  const rows = [];
  for (const row of ROWS.filter(({ name }) => wanted.has(name))) {
    const results = [];
    for (let round = 0; round < rounds; round++) results.push(await oneRound(row, osrfload, nullrelay));
    rows.push(summarize(row.title, results));
    printRow(rows.at(-1));
  }
  if (options.json) console.log(JSON.stringify(rows));
} finally {
  rmSync(folder, { recursive: true });
}
