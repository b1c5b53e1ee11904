#!/usr/bin/env node
// Runs hostile and well-behaved peers on one server, and reports on the well-behaved ones: their requests, whether each was answered once, and the time, compared with
// a quiet minute before.
//
//   npm run build && node scripts/hostile.js [--seconds 60] [--seed N] [--peers 50] [--neighbours 20] [--heap MB] [--only KIND] [--unread-log] [--list]
//
// Each hostile peer picks a kind of attack by the seed, keeps to it for some seconds, and picks the next; scripts/hostile/attacks.js has the kinds; with
// --unread-log the server's standard output is a pipe that is not read. Exit code 1 if the server ended, a request
// of a well-behaved peer was not answered or answered twice, one of them was closed, memory went beyond its bound, or the answers took far longer than in peace.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ATTACKS } from './hostile/attacks.js';
import { wait } from './hostile/peer.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    peers: { type: 'string', default: '50' },
    neighbours: { type: 'string', default: '20' },
    heap: { type: 'string', default: '512' },
    only: { type: 'string', default: '' },
    'unread-log': { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});
if (options.list) {
  console.log(Object.keys(ATTACKS).join('\n'));
  process.exit(0);
}

const MAIN = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));
const ATTACKER_PROCESSES = 2;
/** Of the neighbours. */
const LISTENERS = 4;
/** Files and sockets of the server. */
const DESCRIPTORS = 1_024;
/** The memory of a process besides V8's old space: its code, buffers, the young generation. */
const BESIDES_HEAP_MB = 256;
/** The tolerated slowdown of answers; the attackers use the machine too. */
const TIMES_AS_LONG = 40;
const LEAST_MS = 10;
const LAST_WORD_MS = 30_000;
const SETTINGS = `<opensrf version='0.0.3'><default><apps/>${'<a><b><c>x</c></b></a>'.repeat(1_000)}</default><hosts><localhost/></hosts></opensrf>`;
const STUB = 'service: opensrf.stub\nmethods:\n  echo:\n    - {"params": [1], "result": 1}\n';

/** Killed with this program, in any case. */
const children = [];
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function startServer(folder) {
  mkdirSync(join(folder, 'stubs'));
  writeFileSync(join(folder, 'opensrf.xml'), SETTINGS);
  writeFileSync(join(folder, 'stubs', 'stub.yaml'), STUB);
  const accounts = ['--domain', 'localhost', '--user', 'opensrf:password', '--user', 'good:password'];
  const doors = [
    '--port',
    '0',
    '--tls-port',
    '0',
    '--tls-self-signed',
    '--websocket-port',
    '0',
    '--console',
    '0',
    '--control-file',
    join(folder, 'control.json'),
  ];
  const parts = ['--with-settings', join(folder, 'opensrf.xml'), '--stubs', join(folder, 'stubs'), '--ready-file', join(folder, 'ready.json')];
  const command = [process.execPath, `--max-old-space-size=${options.heap}`, MAIN, ...accounts, ...doors, ...parts];
  return spawn('bash', ['-c', `ulimit -n ${DESCRIPTORS} && exec "$@"`, 'bash', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** A program in a separate process. `ask` sends a line and returns its next one; `end` closes its input and returns its last line. */
function startProgram(name, argument) {
  const program = fileURLToPath(new URL(`hostile/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(argument)], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface(child.stdout);
  const next = async () =>
    JSON.parse((await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended`)))]))[0]);
  const ask = () => {
    child.stdin.write('\n');
    return next();
  };
  const end = () => {
    child.stdin.end();
    return next();
  };
  return { child, next, ask, end };
}

/** Watches the server's memory, and its events as the console does. */
function watchServer(child, { url, token }) {
  const seen = { mostMb: 0, lastMb: 0, keptBytes: 0, limitBytes: 0, debtorsClosed: 0 };
  const resident = setInterval(() => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    seen.lastMb = Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024);
    seen.mostMb = Math.max(seen.mostMb, seen.lastMb);
  }, 100);
  const aborted = new AbortController();
  const get = (path) => fetch(url + path, { headers: { authorization: `Bearer ${token}` }, signal: aborted.signal });
  const budget = async () => {
    const { memory } = (await (await get('/api/v1/server')).json()).load;
    seen.keptBytes = Math.max(seen.keptBytes, memory.keptBytes);
    seen.limitBytes = memory.limitBytes;
    seen.debtorsClosed = memory.closed;
  };
  // The server may have no descriptor for a call.
  const account = setInterval(() => budget().catch(() => {}), 250);
  const events = async () => {
    for await (const _ of (await get('/api/v1/events?past=100')).body);
  };
  events().catch(() => {});
  const stop = () => {
    clearInterval(resident);
    clearInterval(account);
    aborted.abort();
  };
  return { seen, stop };
}

function row(name, { requests, p50, p99, max }, mb) {
  console.log(name.padEnd(14), ...[requests, p50, p99, max, mb].map((number) => String(number).padStart(9)));
}

/** Ends a program; its last line, or null without one. */
function lastWordOf(program) {
  const late = wait(LAST_WORD_MS).then(() => null);
  return Promise.race([program.end(), late]).finally(() => program.child.kill('SIGKILL'));
}

async function play(folder) {
  const server = startServer(folder);
  children.push(server);
  if (!options['unread-log']) server.stdout.resume();
  const files = { ready: join(folder, 'ready.json'), control: join(folder, 'control.json') };
  while (!(existsSync(files.ready) && existsSync(files.control))) {
    if (server.exitCode !== null) throw new Error('the server did not start');
    await wait(20);
  }
  const ready = JSON.parse(readFileSync(files.ready, 'utf8'));
  const [port, tlsPort, webSocketPort] = [ready.c2s, ready.tls, ready.websocket].map(([first]) => first.port);
  const { seen, stop } = watchServer(server, JSON.parse(readFileSync(files.control, 'utf8')));
  const neighbours = startProgram('neighbours', { port, listeners: LISTENERS, clients: Number(options.neighbours) - LISTENERS });
  const attackers = [];
  try {
    const { ready: addresses } = await neighbours.next();
    const seconds = Number(options.seconds);
    console.log(`seed ${options.seed}\n${''.padEnd(14)}  requests   p50 ms   p99 ms   max ms  server MB`);
    await wait(1_000);
    await neighbours.ask();
    await wait(1_000 * Math.max(5, Math.min(15, seconds / 4)));
    const peace = await neighbours.ask();
    row('in peace', peace, seen.lastMb);
    for (let index = 0; index < ATTACKER_PROCESSES; index++) {
      const peers = Math.round(Number(options.peers) / ATTACKER_PROCESSES);
      const common = { port, tlsPort, webSocketPort, only: options.only, neighbours: addresses };
      attackers.push(startProgram('attacker', { ...common, seed: Number(options.seed) + index, name: `h${index}`, peers }));
    }
    await wait(1_000 * seconds);
    const attacked = await neighbours.ask();
    row('under attack', attacked, seen.mostMb);
    const words = await Promise.all(attackers.map(lastWordOf));
    const ledger = await neighbours.end();
    await wait(2_000);
    row('afterwards', ledger, seen.lastMb);
    const ended = server.exitCode !== null || server.signalCode !== null;
    server.kill('SIGTERM');
    const stopped = ended || (await Promise.race([once(server, 'exit').then(() => true), wait(LAST_WORD_MS).then(() => false)]));
    return { peace, attacked, ledger, words, ended, stopped, ...seen };
  } finally {
    stop();
    for (const { child } of [...attackers, neighbours]) child.kill('SIGKILL');
    server.kill('SIGKILL');
  }
}

const toMb = (bytes) => Math.round(bytes / 2 ** 20);

/** The failures, one line each. */
function problemsOf({ peace, attacked, ledger, ended, stopped, mostMb, keptBytes, limitBytes }) {
  const { sent, answered, refused, twice, closed, open, refusals } = ledger;
  const mostMs = TIMES_AS_LONG * Math.max(peace.p99, LEAST_MS);
  const mostAllowedMb = Number(options.heap) + BESIDES_HEAP_MB;
  return [
    [ended, 'the server ended'],
    [!stopped, 'the server did not end by SIGTERM'],
    [open > 0 || answered + refused !== sent, `of ${sent} requests ${answered} were answered, ${open} are open`],
    [refused > 0, `${refused} requests were refused: ${JSON.stringify(refusals)}`],
    [twice > 0, `${twice} answers were one too many`],
    [closed > 0, `${closed} well-behaved peers were closed`],
    [mostMb > mostAllowedMb, `the server had ${mostMb} MB, the bound is ${mostAllowedMb}`],
    [keptBytes > limitBytes, `the server kept ${keptBytes} bytes for its peers, the limit is ${limitBytes}`],
    [attacked.p99 > mostMs, `99 % of the answers took ${attacked.p99} ms; in peace ${peace.p99}`],
  ].flatMap(([isSo, text]) => (isSo ? [text] : []));
}

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
try {
  const outcome = await play(folder);
  const begun = {};
  for (const word of outcome.words) for (const [kind, count] of Object.entries(word?.begun ?? {})) begun[kind] = (begun[kind] ?? 0) + count;
  const { sent, answered } = outcome.ledger;
  console.log(`ledger: ${sent} requests, ${answered} answered`);
  console.log(
    `account: at most ${toMb(outcome.keptBytes)} of ${toMb(outcome.limitBytes)} MB were kept for peers, ${outcome.debtorsClosed} of them were closed for it`,
  );
  console.log(
    `attacks: ${Object.entries(begun)
      .map(([kind, count]) => `${count} × ${kind}`)
      .join(', ')}`,
  );
  for (const word of outcome.words) for (const [failure, count] of Object.entries(word?.failures ?? {})) console.log(`attacker: ${count} × ${failure}`);
  const problems = problemsOf(outcome);
  for (const problem of problems) console.log(`PROBLEM: ${problem}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
