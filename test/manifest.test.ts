import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from './support/declarations.ts';
import { installedPackage } from './support/staged-package.ts';

/** The published package.json. */
async function published(repository: string | undefined): Promise<Record<string, unknown>> {
  const { manifest } = await import(pathToFileURL(join(ROOT, 'scripts/release/package.js')).href);
  return JSON.parse(manifest(readFileSync(join(ROOT, 'package.json'), 'utf8'), repository));
}

test('the published package.json has what the registry shows, with the repository that builds it', async () => {
  const { description, keywords, license, engines, repository, homepage, bugs } = await published('someone/opensrf-chopchop');
  assert.ok([description, license, engines].every((one) => one !== undefined));
  assert.ok(Array.isArray(keywords) && keywords.includes('opensrf'));
  const url = 'https://github.com/someone/opensrf-chopchop';
  assert.deepEqual({ repository, homepage, bugs }, { repository: { type: 'git', url: `git+${url}.git` }, homepage: `${url}#readme`, bugs: `${url}/issues` });
});

test('a package that no release workflow builds names no repository', async (t) => {
  const before = process.env['GITHUB_REPOSITORY'];
  t.after(() => before !== undefined && Object.assign(process.env, { GITHUB_REPOSITORY: before }));
  delete process.env['GITHUB_REPOSITORY'];
  const { repository, homepage, bugs } = await published(undefined);
  assert.deepEqual([repository, homepage, bugs], [undefined, undefined, undefined]);
});

test('the package installs only what its bundle does not contain, and asks for no test runner', async () => {
  const { dependencies, devDependencies, scripts, peerDependencies, peerDependenciesMeta } = await published(undefined);
  assert.deepEqual(Object.keys(dependencies as object), ['@nats-io/transport-node', '@peculiar/x509', 'prom-client', 'proxy-addr', 'ws', 'yaml']);
  assert.deepEqual([devDependencies, scripts], [undefined, undefined]);
  assert.deepEqual([peerDependencies, peerDependenciesMeta], [{ vitest: '*' }, { vitest: { optional: true } }]);
});

test('each entry has the same names by import and by require(), and Node looks for none in the bundle', async (t) => {
  const files = join(await installedPackage(t), 'node_modules/opensrf-chopchop/dist/bin');
  const names = async (file: string) => Object.keys(await import(pathToFileURL(join(files, file)).href)).filter((name) => name !== 'module.exports');
  for (const entry of ['index', 'client']) {
    // Node imports what it has found in the text of CommonJS; all but the default is in vain, and costs 90 ms.
    assert.deepEqual(await names(`${entry}.cjs`), ['default']);
    const { default: required } = await import(pathToFileURL(join(files, `${entry}.cjs`)).href);
    assert.deepEqual((await names(`${entry}.mjs`)).sort(), Object.keys(required).sort());
  }
  assert.deepEqual([await names('runners.cjs'), await names('node-test.mjs')], [['default'], ['useChopChop']]);
});
