import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bundle, type Programs } from './bundle.ts';
import { CodeCache, cacheFolder } from './code-cache.ts';

/** The hash of the bundle, which scripts/release/bundle.js writes here. */
declare const BUNDLE_HASH: string;

/** After this time a server has compiled the functions of its start. */
const STARTED_MS = 2_000;

/** Runs a program of the installed package. @param folder The folder of the bundle. */
export function launch(program: 'main' | 'router', require: NodeJS.Require, folder: string): void {
  const file = join(folder, 'chopchop.cjs');
  const cachePlace = cacheFolder(process.env);
  const command = program === 'router' ? 'router' : commandOf(process.argv.slice(2));
  const cache = cachePlace === null ? null : new CodeCache(cachePlace, command, BUNDLE_HASH);
  const bundle = new Bundle(file, readFileSync(file, 'utf8'), cache?.read());
  const programs = bundle.load(require, folder) as Programs;
  void programs[program]();
  if (cache === null || bundle.precompiled) return;
  const keep = () => cache.write(bundle.compiled());
  if (command === 'serve' || command === 'router') setTimeout(keep, STARTED_MS).unref();
  else process.once('exit', (code) => code === 0 && !process.argv.includes('--help') && keep());
}

/** The command on the command line; each command compiles other functions. */
function commandOf([first = '']: readonly string[]): string {
  return /^[a-z]+$/.test(first) ? first : 'serve';
}
