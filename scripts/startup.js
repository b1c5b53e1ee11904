// Measures the time from exec until logins work, and the server's processor time and memory by then, beside those of Node itself.
// On a busy machine compare the processor time.
// node scripts/startup.js [--runs 20] [PROGRAM...]     PROGRAM: the executable, or that of an installed package; always includes dist/server/main.js
// An installed package keeps its compiled code (docs/install.md): measured with and without it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = fileURLToPath(new URL('../dist/server/main.js', import.meta.url));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { runs: { type: 'string', default: '20' } } });
const runs = Number(values.runs);

/** Runs a program until it writes a line, or to its end. */
function measured(program, args, env) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    const ms = () => Number(process.hrtime.bigint() - began) / 1e6;
    let first = null;
    child.on('error', reject);
    child.stdout.once('data', () => {
      first = { ms: ms(), cpuMs: cpuMs(child.pid), rssMb: residentMb(child.pid) };
      child.kill('SIGKILL');
    });
    child.on('close', () => resolve(first ?? { ms: ms(), cpuMs: 0, rssMb: 0 }));
  });
}

function residentMb(pid) {
  const [, kb = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(join('/proc', String(pid), 'status'), 'utf8')) ?? [];
  return Number(kb) / 1024;
}

/** The processor time of all threads, by /proc/PID/task/TID/schedstat. */
function cpuMs(pid) {
  const folder = join('/proc', String(pid), 'task');
  return readdirSync(folder).reduce((sum, thread) => sum + nanosecondsOf(join(folder, thread, 'schedstat')), 0) / 1e6;
}

/** A thread may end between two readings; its time is then lost. */
function nanosecondsOf(file) {
  try {
    return Number(readFileSync(file, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** An installed package saves its compiled code after two seconds. */
const WARM_UP_MS = 3_000;

/** Runs each program long enough to save its compiled code. */
function warmUp(programs) {
  return Promise.all(
    programs.map(async (program) => {
      const child = spawn(program, SERVE, { stdio: 'ignore' });
      await setTimeout(WARM_UP_MS);
      child.kill('SIGTERM');
      await once(child, 'close');
    }),
  );
}

const SERVE = ['--port', '0', '--no-console'];
const WITHOUT_CACHE = { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1' };
const programs = [
  ['node -e 0', process.execPath, ['-e', '0'], process.env],
  ['node -e console.log()', process.execPath, ['-e', 'console.log()'], process.env],
  ...positionals.flatMap((program) => [
    [program, program, SERVE, process.env],
    [`${program}, nothing kept`, program, SERVE, WITHOUT_CACHE],
  ]),
  ['dist/server/main.js', process.execPath, [MAIN, ...SERVE], process.env],
];
await warmUp(positionals);
// In turns, so that the machine's other work affects all alike.
const results = programs.map(() => []);
for (let run = 0; run < runs; run++) for (const [index, [, ...command]] of programs.entries()) results[index].push(await measured(...command));
for (const [index, [what]] of programs.entries()) {
  const [ms, cpu, rss] = ['ms', 'cpuMs', 'rssMb'].map((key) => results[index].map((result) => result[key]));
  const memory = median(rss) > 0 ? `, ${median(cpu).toFixed(1)} ms of processors, ${median(rss).toFixed(1)} MB resident` : '';
  console.log(`${what}: median ${median(ms).toFixed(1)} ms (${Math.min(...ms).toFixed(1)} to ${Math.max(...ms).toFixed(1)}, ${runs} runs)${memory}`);
}
