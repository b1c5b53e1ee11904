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
  const [file, packages] = [join(folder, 'chopchop.cjs'), join(folder, 'packages.cjs')];
  const cachePlace = cacheFolder(process.env);
  const command = program === 'router' ? 'router' : commandOf(process.argv.slice(2));
  const cache = cachePlace === null ? null : new CodeCache(cachePlace, command, BUNDLE_HASH);
  const bundle = new Bundle(file, joined(readFileSync(packages, 'utf8'), readFileSync(file, 'utf8')), cache?.read());
  const programs = bundle.load(require, folder) as Programs;
  void programs[program]();
  if (cache === null || bundle.precompiled) return;
  const keep = () => cache.write(bundle.compiled());
  if (command === 'serve' || command === 'router') setTimeout(keep, STARTED_MS).unref();
  else process.once('exit', (code) => code === 0 && !process.argv.includes('--help') && keep());
}

/** The packages that only programs need, and the code that requires them: one text, of which V8 gives the compiled code in one piece. */
function joined(packages: string, main: string): string {
  const withPackages = '(own) => (name) => Object.hasOwn(packages, name) ? packages[name]() : own(name)';
  return `const packages = {}; (function (exports) {${packages}\n})(packages); require = (${withPackages})(require); ${main}`;
}

/** The command on the command line; each command compiles other functions. */
function commandOf([first = '']: readonly string[]): string {
  return /^[a-z]+$/.test(first) ? first : 'serve';
}
