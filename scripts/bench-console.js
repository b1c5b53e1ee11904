#!/usr/bin/env node
// Measures the console's cost: server CPU per routed request without a control interface, with one without listeners, and with the console
// open in a browser (or, without one, a program with the same requests), in turns within each round.
//
//   npm run build && node scripts/bench-console.js [--rounds 5] [--seconds 3] [--window 8] [--view connections] [--rate REQUESTS_A_SECOND]
//
// With --rate, requests come at that pace instead of as fast as they are answered.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Browser, hasChromium } from '../dist/test/support/browser.js';
import { runPaced } from './bench/paced.js';
import { median } from './bench/report.js';
import { ours } from './bench/servers.js';
import { compile, runLoad } from './bench/tools.js';

const folder = mkdtempSync(join(tmpdir(), 'chopchop-bench-'));
const controlFile = join(folder, 'control.json');
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    window: { type: 'string', default: '8' },
    view: { type: 'string', default: 'connections' },
    rate: { type: 'string' },
  },
});

// Complete OpenSRF messages, which observers can parse.
const LOAD = ['--clients', '8', '--listeners', '4', '--window', options.window, '--seconds', options.seconds, '--osrf', '1'];
const WITH_CONSOLE = ['--console', '0', '--control-file', controlFile];
const KINDS = {
  without: { title: 'no control interface', args: [], look: null },
  closed: { title: 'console closed', args: WITH_CONSOLE, look: null },
  open: { title: `console open (${options.view})`, args: WITH_CONSOLE, look: openConsole },
};

/** @returns a function that closes it. */
async function openConsole({ url, token }, browser) {
  if (browser === null) return await pretendToLook(url, token);
  const page = await browser.page();
  await page.goto(`${url}/#token=${token}`);
  await page.goto(`${url}/#/${options.view}`);
  await page.waitForSelector('[data-state=live]');
  return () => page.close();
}

async function pretendToLook(url, token) {
  const get = (path, signal) => fetch(url + path, { headers: { Authorization: `Bearer ${token}` }, signal });
  const abort = new AbortController();
  const events = await get('/api/v1/events?past=5000', abort.signal);
  const reading = events.text().catch(() => {});
  const timer = setInterval(() => Promise.all(['/api/v1/routers', '/api/v1/sessions'].map((path) => get(path).then((response) => response.text()))), 2_000);
  return async () => {
    clearInterval(timer);
    abort.abort();
    await reading;
  };
}

async function run(osrfload, { args, look }, browser) {
  const server = await ours(folder, args).start();
  const close = look === null ? null : await look(JSON.parse(readFileSync(controlFile, 'utf8')), browser);
  await wait(1_000);
  const result = options.rate === undefined ? await runLoad(osrfload, server, LOAD) : await runPaced(server, Number(options.rate), Number(options.seconds));
  await close?.();
  await server.stop();
  return result;
}

const browser = hasChromium ? await Browser.start() : null;
try {
  const osrfload = options.rate === undefined ? compile(folder, 'osrfload') : '';
  const results = Object.fromEntries(Object.keys(KINDS).map((name) => [name, []]));
  console.log(
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}`,
  );
  console.log(`median of ${options.rounds}, ${browser === null ? 'no Chromium: a program looks' : 'in Chromium'}`);
  for (let round = 0; round < Number(options.rounds); round++) {
    // Each kind goes first in turn.
    const names = Object.keys(KINDS);
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) results[name].push(await run(osrfload, KINDS[name], browser));
  }
  const cpu = ({ server_cpu_us_per_req: us }) => us;
  console.log(`${''.padEnd(30)} us CPU/r    ratio      req/s   p99 us  lost/errors`);
  for (const [name, { title }] of Object.entries(KINDS)) {
    const rows = results[name];
    const ratio = median(rows.map((row, round) => cpu(row) / cpu(results.without[round])));
    const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
    const cells = [
      title.padEnd(30),
      median(rows.map(cpu)).toFixed(1).padStart(8),
      ratio.toFixed(2).padStart(8),
      Math.round(median(rows.map((row) => row.req_per_s)))
        .toLocaleString('en')
        .padStart(10),
      String(median(rows.map((row) => row.p99_us))).padStart(8),
      `${sum('lost')}/${sum('errors')}`.padStart(8),
    ];
    console.log(cells.join(' '));
  }
} finally {
  await browser?.close();
  rmSync(folder, { recursive: true });
}
