import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, isAbsolute } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as client from '../server/client.ts';
import * as library from '../server/index.ts';
import { ENTRIES, inPackage, PACKAGE, ROOT, reachable } from './support/declarations.ts';

/** Writes the URL of each module that is loaded to standard output. */
const HOOKS = `import { writeSync } from 'node:fs';
export async function load(url, context, next) { writeSync(1, url + '\\n'); return next(url, context); }`;

/** The rooms that a client consists of. */
const CLIENT_ROOMS = /^dist\/(?:shared(?:\/.*)?|server(?:\/(?:api|kernel|osrf))?)$/;

const asModule = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

/** Where the modules are from that an import of an entry loads. */
function modulesLoadedBy(entry: string): Set<string> {
  const register = asModule(`import { register } from 'node:module'; register(${JSON.stringify(asModule(HOOKS))});`);
  const args = ['--import', register, '--input-type=module', '--eval', `await import('${entry}');`];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return new Set(stdout.split('\n').flatMap((url) => (url.startsWith('file:') ? [originOf(fileURLToPath(url))] : [])));
}

/** The folder of a file of ours, or the package that a file is from. */
function originOf(file: string): string {
  return /.*\/node_modules\/([^/]+)/.exec(file)?.[1] ?? dirname(inPackage(file));
}

test('the declarations of each entry lead to server/api and to nothing else', () => {
  assert.deepEqual([...ENTRIES.keys()], ['.', './client', './jest', './node-test', './vitest']);
  const entries = new Set([...ENTRIES.values()].map(inPackage));
  for (const [name, file] of ENTRIES) {
    const others = [...reachable(file)]
      .map((one) => (isAbsolute(one) ? inPackage(one) : one))
      .filter((one) => dirname(one) !== 'dist/server/api' && !entries.has(one));
    assert.deepEqual(others, [], `reachable from the entry "${name}"`);
  }
});

test('opensrf-chopchop/client loads no part of the server', () => {
  const loaded = [...modulesLoadedBy('opensrf-chopchop/client')];
  assert.deepEqual(
    loaded.filter((origin) => !CLIENT_ROOMS.test(origin)),
    ['saxes'],
  );
  assert.ok(modulesLoadedBy('opensrf-chopchop').has('dist/server/config'), 'the hooks see what is loaded');
});

test('both entries have the same classes', () => {
  const ofLibrary = new Map(Object.entries(library));
  for (const [name, value] of Object.entries(client)) assert.equal(ofLibrary.get(name), value, name);
  assert.ok(Object.keys(client).includes('OsrfError'));
});

test('package.json names the declarations of each entry for TypeScript that reads no exports too', () => {
  const found = new Map([['.', PACKAGE.types], ...Object.entries(PACKAGE.typesVersions['*'] ?? {}).map(([name, [file = '']]) => [`./${name}`, file] as const)]);
  const exported = Object.entries(PACKAGE.exports).flatMap(([name, target]) => (typeof target === 'string' ? [] : [[name, target.types] as const]));
  assert.deepEqual([...found], exported);
});
