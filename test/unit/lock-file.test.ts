import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const ROOT = new URL('../../../', import.meta.url);
const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', ROOT), 'utf8')) as { packages: Record<string, LockedPackage> };
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { dependencies: Record<string, string> };
const installed = Object.entries(packages).filter(([path]) => path !== '');

test('no runtime package has an install script; of the others only esbuild, which builds the single file, has one', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);
  assert.deepEqual(
    scripted.map(([path, { dev }]) => `${path} ${dev}`),
    ['node_modules/esbuild true'],
  );
});

test('every package has a checksum, and comes from the configured registry', () => {
  const misplaced = installed.filter(([, { integrity, link, resolved }]) => integrity === undefined || link === true || resolved !== undefined);
  assert.deepEqual(
    misplaced.map(([path]) => path),
    [],
  );
});

test('the program needs few packages at run time', () => {
  const needed = installed.filter(([, { dev }]) => dev !== true).map(([path]) => path);
  for (const name of Object.keys(dependencies)) assert.ok(needed.includes(`node_modules/${name}`), name);
  assert.ok(needed.length <= 80, `${needed.length} packages: ${needed.join(' ')}`);
});
