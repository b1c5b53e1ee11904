#!/usr/bin/env node
// Compiles the TypeScript sources into dist/. npm runs this after `npm ci` and before `npm pack`.
//
// It is plain JavaScript, and without TypeScript it does nothing unless --required is given:
// `npm ci --omit=dev` runs `prepare` too, in a place where there is no compiler.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { commit, root } from './release/root.js';

const required = process.argv.includes('--required');

function findCompiler() {
  try {
    return createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace(/package\.json$/, 'bin/tsc');
  } catch {
    return null;
  }
}

const compiler = findCompiler();
if (compiler === null || !existsSync(join(root, 'tsconfig.json'))) {
  if (required) {
    console.error('prepare: TypeScript is not installed; run "npm ci" first');
    process.exit(1);
  }
  process.exit(0);
}

// A file that was removed from the sources must not live on in dist/.
rmSync(join(root, 'dist'), { recursive: true, force: true });
const result = spawnSync(process.execPath, [compiler, '--project', join(root, 'tsconfig.json')], { stdio: 'inherit' });
if (result.status !== 0) process.exit(result.status ?? 1);
// For `--version`.
writeFileSync(join(root, 'dist/server/build.json'), JSON.stringify({ commit: commit(), build: 'sources' }));
// The console is plain files: no compiler looks at them.
cpSync(join(root, 'server/console/page'), join(root, 'dist/server/console/page'), { recursive: true });
for (const program of ['main', 'opensrf-router']) chmodSync(join(root, `dist/server/${program}.js`), 0o755);
