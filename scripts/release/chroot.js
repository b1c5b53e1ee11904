// A program in a root of its own, in which there is nothing but it and the libraries it names.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Copies a program and its libraries (by `ldd`) into an empty folder. @returns the paths of the libraries. */
export function fillRoot(folder, program) {
  const { stdout, status, stderr } = spawnSync('ldd', [program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ldd ${program}: ${stderr}`);
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path);
  for (const path of libraries) put(folder, path, path);
  put(folder, program, '/opensrf-chopchop');
  return libraries;
}

function put(folder, from, to) {
  mkdirSync(join(folder, dirname(to)), { recursive: true });
  copyFileSync(from, join(folder, to));
}

/** Runs a program there, as root of the machine only. */
export function runInRoot(folder, args) {
  return spawnSync('chroot', [folder, '/opensrf-chopchop', ...args], { encoding: 'utf8', env: { PATH: process.env.PATH }, timeout: 60_000 });
}
