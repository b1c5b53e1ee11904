import { isBuiltin } from 'node:module';
import { basename } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { startProgram } from '../kernel/start-program.ts';
import { Bundle, type Programs } from './bundle.ts';

/** Packages that few runs need, by name. */
let onDemand: Record<string, () => unknown> | null = null;

/** Loads Node's own modules, and the packages of the on-demand bundle. */
function requireFromExecutable(name: string): unknown {
  if (isBuiltin(name)) return require(name);
  onDemand ??= new Bundle('on-demand.cjs', getAsset('on-demand.cjs', 'utf8'), undefined).load(require, '/') as Record<string, () => unknown>;
  return onDemand[name]?.();
}

// The single executable is both programs, depending on its name: `ln -s opensrf-chopchop opensrf_router`.
const program = basename(process.argv0) === 'opensrf_router' ? 'router' : 'main';
startProgram(program === 'router' ? 'opensrf_router' : 'opensrf-chopchop', async () => ({ run }));

function run(): void {
  const bundle = new Bundle('chopchop.cjs', getAsset('chopchop.cjs', 'utf8'), Buffer.from(getRawAsset('compiled') as ArrayBuffer));
  const programs = bundle.load(requireFromExecutable, '/') as Programs;
  void programs[program]();
}
