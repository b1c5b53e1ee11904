import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './support/command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

for (const [module, resolution] of [
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  test(`the types of the built package accept valid programs only: ${resolution}`, (t) => compile(t, module, resolution));
}

function compile(t: TestContext, module: string, resolution: string): void {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules/opensrf-chopchop'));
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  // By another name in the sources, or this project's own compiler would take it.
  copyFileSync(join(ROOT, 'test/fixtures/package-types.txt'), join(folder, 'user.ts'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    module,
    '--moduleResolution',
    resolution,
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
    '--types',
    'node',
  ];
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...options, '--skipLibCheck', 'false', 'user.ts'], { cwd: folder, encoding: 'utf8' });
  assert.equal(stdout, '');
  assert.equal(status, 0);
}
