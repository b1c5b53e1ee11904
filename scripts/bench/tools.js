// The C programs of the bench: the load generator and the floor.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Compiles one of the .c files beside this one. @returns where the program is. */
export function compile(folder, name) {
  const program = join(folder, name);
  const { status, stderr, error } = spawnSync('cc', ['-O2', '-w', '-o', program, join(here, `${name}.c`)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cannot compile ${name}.c (a C compiler is needed): ${error?.message ?? stderr}`);
  return program;
}

/** Runs the load generator against a server. @returns its measurements, by their printed names. */
export async function runLoad(osrfload, server, load) {
  const account = ['--password', server.password, '--auth', server.auth, '--mode', server.mode];
  const child = spawn(osrfload, ['--port', String(server.port), '--pids', server.pids().join(','), ...account, ...load], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`osrfload against ${server.name}: ${errors.trim()}`);
  return JSON.parse(output);
}
