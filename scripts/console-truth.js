#!/usr/bin/env node
// Plays a recording against a server, errors mixed in, and compares the counts of its control interface with the clients' own ledger.
//
//   npm run build && node scripts/console-truth.js RECORDING.ndjson [--rate 2000] [--seconds 60] [--workers 40] [--clients 16]
//
// RECORDING is a file of --record. Its exit code is 1 if a count differs, or if a request was not observed.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LedgerLoad } from '../dist/test/support/ledger-load.js';
import { ours } from './bench/servers.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '60' },
    workers: { type: 'string', default: '40' },
    clients: { type: 'string', default: '16' },
  },
});

/** The longest wait of a client: a minute. */
const LONGEST_MS = 25_000;

function callsOf(file) {
  const exchanges = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const usable = ({ type, state, service, params }) => type === 'REQUEST' && state === 'complete' && service !== 'router' && Array.isArray(params);
  return exchanges.filter(usable).map(({ service, method, params, ms, results }) => ({ service, method, params, ms: Math.min(ms, LONGEST_MS), results }));
}

const folder = mkdtempSync(join(tmpdir(), 'chopchop-truth-'));
const controlFile = join(folder, 'control.json');
const server = await ours(folder, ['--console', '0', '--control-file', controlFile]).start();
const { url, token } = JSON.parse(readFileSync(controlFile, 'utf8'));
const get = async (path) => (await fetch(url + path, { headers: { Authorization: `Bearer ${token}` } })).json();
const login = { host: '127.0.0.1', port: server.port, domain: 'private.localhost', username: 'opensrf', password: server.password };
const [file] = positionals;
const rate = Number(options.rate);
const load = new LedgerLoad({ login, calls: callsOf(file), workers: Number(options.workers), clients: Number(options.clients), rate });
let differences = 0;
try {
  await load.start();
  const begin = performance.now();
  await load.run(rate * Number(options.seconds));
  const seconds = (performance.now() - begin) / 1000;
  const { methods, notObserved } = await get('/api/v1/health');
  const counted = new Map(methods.map(({ service, method, ok, failed, refused, lost }) => [`${service} ${method}`, { ok, failed, refused, lost }]));
  for (const [name, own] of load.ledger) {
    const theirs = counted.get(name);
    if (JSON.stringify(theirs) === JSON.stringify(own)) continue;
    differences++;
    console.log(`${name}: ${JSON.stringify(own)} in the ledger, ${JSON.stringify(theirs)} in the console`);
  }
  const sum = [...load.ledger.values()].reduce((total, { ok, failed, refused, lost }) => total + ok + failed + refused + lost, 0);
  const unseen = methods.reduce((total, one) => total + one.unseen, 0);
  const { requests } = await get('/api/v1/requests?slowerThan=1000&limit=5000');
  console.log(`${sum} requests of ${load.ledger.size} methods in ${seconds.toFixed(1)} s: ${Math.round(sum / seconds)}/s, ${differences} methods differ`);
  console.log(
    `not observed: ${notObserved.requests} requests, ${notObserved.stanzas} stanzas; not followed to their end: ${unseen}; slower than 1 s and remembered: ${requests.length}`,
  );
  if (differences > 0 || notObserved.requests > 0 || unseen > 0) process.exitCode = 1;
} finally {
  await load.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
}
