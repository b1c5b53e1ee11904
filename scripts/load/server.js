// A server in a separate process, and its figures for the scripts in this folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const MAIN = fileURLToPath(new URL('../../dist/server/main.js', import.meta.url));
const GENERATOR = fileURLToPath(new URL('generator.js', import.meta.url));
export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts one on a free port (or the given one). */
export async function startServer(...args) {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-load-'));
  const ready = join(folder, 'ready.json');
  const controlFile = join(folder, 'control.json');
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const control = ['--console', '0', '--control-file', controlFile];
  const child = spawn(process.execPath, [MAIN, '--log-level', 'error', '--ready-file', ready, ...control, ...port, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the server ended with code ${code}`)));
  ended.catch(() => {});
  while (!existsSync(ready)) await Promise.race([wait(10), ended]);
  return {
    child,
    port: JSON.parse(readFileSync(ready, 'utf8')).c2s[0].port,
    rssMb: () => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024),
    files: () => JSON.parse(readFileSync(controlFile, 'utf8')),
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Measures the time of a ping in a separate thread. */
export async function startPinger(port, name) {
  const worker = new Worker(new URL('pinger.js', import.meta.url), { workerData: { port, name } });
  await once(worker, 'message');
  return {
    /** Of all pings since the last call, in milliseconds. */
    async report() {
      worker.postMessage('report');
      const [times] = await once(worker, 'message');
      const at = (share) => Number((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(1));
      return { pings: times.length, p50: at(0.5), p99: at(0.99), max: at(1) };
    },
    stop: () => worker.terminate(),
  };
}

/** Starts the generator. `perSecond` has its figures for each second. */
export function startLoad(port, { listeners, clients, window, reconnectAfter, name = '' }) {
  const child = spawn(process.execPath, [GENERATOR, port, listeners, clients, window, reconnectAfter, name].map(String), {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const perSecond = [];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    for (const line of text.split('\n')) if (line !== '') perSecond.push(JSON.parse(line));
  });
  return {
    perSecond,
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
