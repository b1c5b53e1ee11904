import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Programs } from './bundle.ts';
import { Bundles } from './bundles.ts';
import { cacheFolder } from './code-cache.ts';
import { unpacked } from './unpacked.ts';

/** The hash of the bundles, which scripts/release/bundle.js writes here. */
declare const BUNDLE_HASH: string;

/** The names of the bundles that are loaded when they are needed, likewise. */
declare const ON_DEMAND: readonly string[];

/** Runs a program of the installed package. @param folder The folder of the bundles. */
export function launch(program: 'main' | 'router', require: NodeJS.Require, folder: string): void {
  const command = program === 'router' ? 'router' : commandOf(process.argv.slice(2));
  const bundles = new Bundles({ folder, compressed: ON_DEMAND, hash: BUNDLE_HASH, command, cacheFolder: cacheFolder(process.env), require });
  const packages = unpacked(readFileSync(join(folder, 'packages.br')));
  // Bundles are ASCII, which is read faster so.
  const main = readFileSync(join(folder, 'chopchop.cjs'), 'latin1');
  const programs = bundles.load('chopchop', joined(packages, main), command) as Programs;
  void programs[program]();
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
