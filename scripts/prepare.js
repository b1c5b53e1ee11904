#!/usr/bin/env node
// Compiles the TypeScript sources into dist/. npm runs this after `npm ci`, before `npm pack`, and in a checkout before `npx opensrf-chopchop`.
//
// Does nothing if dist/ is up to date. Otherwise compiles into a folder beside dist/, which replaces dist/ when
// complete: an interrupted build leaves the old one.
//
// It is plain JavaScript, and without TypeScript it does nothing unless --required is given:
// `npm ci --omit=dev` runs `prepare` too, without a compiler.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { commit, root } from './release/root.js';

const SOURCES = ['server', 'router', 'shared', 'test'];
const PAGE = 'server/console/page';
const PROGRAMS = ['main', 'opensrf-router'];

const required = process.argv.includes('--required');
const dist = join(root, 'dist');
const stampFile = join(dist, 'stamp');
const building = join(root, `.dist-${process.pid}`);

function findCompiler() {
  try {
    return createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace(/package\.json$/, 'bin/tsc');
  } catch {
    return null;
  }
}

/** The files of a folder, by their paths from the root. */
function filesIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .sort();
}

/** A stamp of the sources and tools of dist/. */
function stampOf(files, compiler) {
  const hash = createHash('sha256');
  for (const file of [...files, 'tsconfig.json', 'scripts/prepare.js'])
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.update(readFileSync(join(compiler, '../../package.json'))).digest('hex');
}

/** Whether dist/ has that stamp, and all its files. */
function isBuilt(stamp, sources) {
  const outputs = sources.map((file) => join(dist, file.replace(/\.ts$/, '.js')));
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && outputs.every((file) => existsSync(file));
}

/** Writes the commit for `--version`; it may change without the sources. */
function writeBuild(folder) {
  const file = join(folder, 'server/build.json');
  const build = JSON.stringify({ commit: commit(), build: 'sources' });
  if (!existsSync(file) || readFileSync(file, 'utf8') !== build) writeFileSync(file, build);
}

function build(stamp, compiler) {
  mkdirSync(building);
  const { status } = spawnSync(process.execPath, [compiler, '--project', join(root, 'tsconfig.json'), '--outDir', building], { stdio: 'inherit' });
  if (status !== 0) return status ?? 1;
  // The console consists of plain files that need no compiler.
  cpSync(join(root, PAGE), join(building, PAGE), { recursive: true });
  for (const program of PROGRAMS) chmodSync(join(building, `server/${program}.js`), 0o755);
  writeBuild(building);
  writeFileSync(join(building, 'stamp'), stamp);
  takePlace();
  return 0;
}

/** Replaces dist/ by the new folder, even if another build does the same at that time. */
function takePlace() {
  const old = `${building}-old`;
  for (let tries = 3; ; tries--) {
    try {
      if (existsSync(dist)) renameSync(dist, old);
      renameSync(building, dist);
      break;
    } catch (error) {
      if (tries === 0) throw error;
    } finally {
      rmSync(old, { recursive: true, force: true });
    }
  }
}

/** Removes leftovers of an interrupted build. */
function removeRemains() {
  for (const name of readdirSync(root)) {
    const [, pid] = /^\.dist-(\d+)(?:-old)?$/.exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function run() {
  const compiler = findCompiler();
  if (compiler === null || !existsSync(join(root, 'tsconfig.json'))) {
    if (required) console.error('prepare: TypeScript is not installed; run "npm ci" first');
    return required ? 1 : 0;
  }
  removeRemains();
  const files = SOURCES.filter((folder) => existsSync(join(root, folder))).flatMap(filesIn);
  const sources = files.filter((file) => file.endsWith('.ts'));
  const stamp = stampOf(
    files.filter((file) => file.endsWith('.ts') || file.startsWith(PAGE)),
    compiler,
  );
  if (isBuilt(stamp, sources)) {
    writeBuild(dist);
    return 0;
  }
  console.log(`prepare: compiling ${sources.length} TypeScript files into dist/`);
  try {
    return build(stamp, compiler);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

process.exitCode = run();
