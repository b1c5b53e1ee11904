#!/usr/bin/env node
// Measures the server against the floor (the same traffic through scripts/bench/nullrelay.c, a C program that checks nothing; in Node: noderelay.js) and
// against other Jabber servers, in turns within each round. Compare the ratio of server CPU per request to the floor's in the same round:
// requests per second depend on the machine's other work. More in docs/speed.md.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { registerClasses } from './bench/client.js';
import { installedPeers, installPeers } from './bench/peers.js';
import { printHead, printRow, summarize } from './bench/report.js';
import { LOAD_ROWS, USUAL } from './bench/rows.js';
import { floor, nodeRelay, ours } from './bench/servers.js';
import { SPECIAL } from './bench/special.js';
import { compile, runLoad } from './bench/tools.js';

const HELP = `npm run bench -- [options]

  --only MODE,…     ${USUAL.join(',')} (all of these), web, cluster, federation, soak
  --rounds N        how often each row is run; medians are shown (5)
  --seconds S       how long each run is (3)
  --minutes N       how long the mode "soak" takes (30)
  --peers           also ejabberd, Prosody and jabberd2, without a router, where they are installed
  --install         installs them before (Debian, as root)
  --json FILE       writes all figures there
  --check           compares two short rows with scripts/bench/recorded.json; exit code 1 if a ratio is more than 1.5 times the recorded one, twice
  --record          writes that file
`;
const RECORDED = fileURLToPath(new URL('./bench/recorded.json', import.meta.url));
const TOLERANCE = 1.5;

const OPTIONS = {
  options: {
    only: { type: 'string', default: USUAL.join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '30' },
    peers: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
    json: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
};

function readOptions() {
  try {
    return parseArgs(OPTIONS).values;
  } catch (error) {
    console.error(`bench: ${error.message}; --help lists the options`);
    return process.exit(2);
  }
}

const options = readOptions();

async function runOnce(candidate, row, osrfload, seconds) {
  const server = await candidate.start();
  try {
    const registered = row.classes === undefined ? null : await registerClasses(server.port, row.classes);
    const measured = await runLoad(osrfload, server, ['--seconds', String(seconds), ...row.load]);
    registered?.destroy();
    return measured;
  } finally {
    await server.stop();
  }
}

/** The participants in a row: the floor if it can play it, the relay in Node in the first rows, those without a router if none is needed. */
function candidatesFor(row, candidates) {
  const direct = row.load.includes('direct');
  const plays = ({ name, routes }) => {
    if (name === 'floor') return row.floor !== false;
    if (name === 'node') return row.mode === 'routed';
    return routes || direct;
  };
  return candidates.filter(plays);
}

async function measureRow(row, candidates, osrfload, rounds, seconds) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const result = {};
    for (const candidate of candidatesFor(row, candidates)) result[candidate.name] = await runOnce(candidate, row, osrfload, seconds);
    results.push(result);
  }
  return candidatesFor(row, candidates).map(({ name }) => summarize(row, name, results));
}

async function bench(folder, osrfload, nullrelay) {
  const wanted = new Set(options.only.split(','));
  const unknown = [...wanted].filter((mode) => !LOAD_ROWS.some((row) => row.mode === mode) && SPECIAL[mode] === undefined);
  if (unknown.length > 0) throw new Error(`no such mode: ${unknown.join(', ')}`);
  if (options.install) installPeers();
  const peers = options.peers || options.install ? installedPeers(folder) : [];
  const candidates = [floor(nullrelay), nodeRelay(), ours(folder), ...peers];
  const rounds = Number(options.rounds);
  const report = {
    date: new Date().toISOString(),
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0].model.trim()}`,
    rounds,
    rows: [],
    special: {},
  };
  console.log(`${report.date.slice(0, 10)}, Node ${report.node}, ${report.machine}, median of ${rounds} rounds of ${options.seconds} s`);
  printHead();
  for (const row of LOAD_ROWS.filter(({ mode }) => wanted.has(mode))) {
    const summaries = await measureRow(row, candidates, osrfload, rounds, options.seconds);
    for (const summary of summaries) printRow(summary);
    report.rows.push(...summaries);
  }
  const tools = { osrfload, ours: ours(folder), oursWith: (args) => ours(folder, args), rounds, seconds: options.seconds, minutes: Number(options.minutes) };
  for (const mode of Object.keys(SPECIAL).filter((name) => wanted.has(name))) {
    report.special[mode] = await SPECIAL[mode](tools);
    console.log(`${mode.padEnd(30)} ${JSON.stringify(report.special[mode])}`);
  }
  if (options.json !== '') writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
}

/** The ratios of two short rows, by title. */
async function shortRatios(folder, osrfload, nullrelay) {
  const ratios = {};
  for (const row of LOAD_ROWS.filter(({ mode }) => mode === 'routed')) {
    const summaries = await measureRow(row, [floor(nullrelay), ours(folder)], osrfload, 5, 1);
    ratios[row.title] = Math.round(10 * summaries.find(({ server }) => server === 'ours').ratio) / 10;
  }
  return ratios;
}

/** @returns the exit code. Other load on the machine may spoil one try, hardly both. */
async function check(folder, osrfload, nullrelay) {
  const recorded = JSON.parse(readFileSync(RECORDED, 'utf8'));
  for (let tries = 2; tries > 0; tries--) {
    const ratios = await shortRatios(folder, osrfload, nullrelay);
    const worse = Object.keys(recorded).filter((title) => !(ratios[title] <= TOLERANCE * recorded[title]));
    for (const [title, ratio] of Object.entries(ratios)) console.log(`${title}: ${ratio} times the floor, recorded ${recorded[title]}`);
    if (worse.length === 0) return 0;
    console.log(`more than ${TOLERANCE} times as much as recorded: ${worse.join('; ')}`);
  }
  return 1;
}

async function run(folder) {
  // A peer that changes its user must get at its files.
  chmodSync(folder, 0o755);
  const [osrfload, nullrelay] = [compile(folder, 'osrfload'), compile(folder, 'nullrelay')];
  if (options.check) return check(folder, osrfload, nullrelay);
  if (options.record) {
    writeFileSync(RECORDED, `${JSON.stringify(await shortRatios(folder, osrfload, nullrelay), null, 2)}\n`);
    return 0;
  }
  await bench(folder, osrfload, nullrelay);
  return 0;
}

if (options.help) {
  console.log(HELP);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-bench-'));
  try {
    process.exitCode = await run(folder);
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
