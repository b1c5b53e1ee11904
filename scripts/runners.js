// Tries the package in everybody's test runner: installs it, as it is published, with the runners of docs/examples/runners in a temporary folder, and runs
// their examples there.
//
//   node scripts/runners.js          all that can be had here: runners, TypeScript, package managers and ways to add the package, npx, versions of Node, Bun, Deno
//   node scripts/runners.js --core   node:test, Jest (CommonJS), Vitest
//   node scripts/runners.js --only TEXT   the lines with this text
//
// Prints a line for each; what cannot be installed is skipped visibly. Ends with exit code 1 if an example fails.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stagePackage } from './release/package.js';
import { root } from './release/root.js';
import { MANAGERS, NPX, PROGRAMS, RUNNERS } from './runners/rows.js';

const LIMIT_MS = 300_000;
const PLAIN = `const { startChopChop } = require('opensrf-chopchop');
(async () => {
  const jabber = await startChopChop({ web: true });
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  console.log('sum', await jabber.request('opensrf.math', 'add', 2, 2));
  await jabber.stop();
})();
`;

const { values: options } = parseArgs({ options: { core: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } });
const work = mkdtempSync(join(tmpdir(), 'chopchop-runners-'));
const results = { ok: 0, failed: 0, skipped: 0 };

function isWanted({ name, core }) {
  return (core === true || !options.core) && name.includes(options.only);
}

function run([program, ...args], cwd, env = {}) {
  // Node's test runner would take the output of one inside of another for its own.
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: LIMIT_MS, env: { ...rest, CI: '1', ...env } });
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` };
}

function report(kind, name, ms, output = '') {
  results[kind]++;
  console.log(`${{ ok: 'ok      ', failed: 'FAILED  ', skipped: 'SKIPPED ' }[kind]} ${name}${kind === 'skipped' ? '' : `  ${Math.round(ms)} ms`}`);
  if (kind !== 'ok') console.log(output.trim().split('\n').slice(-30).join('\n').replace(/^/gm, '         '));
}

/** The folders of tests that fail, and their imports. */
const FAILING = {
  'failing-jest/fails.test.js': "const { useChopChop } = require('opensrf-chopchop/jest');",
  'failing-node-test/fails.test.mjs': "import { test } from 'node:test';\nimport { useChopChop } from 'opensrf-chopchop/node-test';",
  'failing-vitest/fails.test.mjs': "import { test } from 'vitest';\nimport { useChopChop } from 'opensrf-chopchop/vitest';",
};
const FAILS = `
const jabber = useChopChop();
test('fails', async () => {
  await jabber.service('opensrf.math', { add: () => new Promise(() => {}) });
  jabber.request('opensrf.math', 'add', 2, 2).catch(() => {});
  await jabber.waitForRequest({ method: 'add' });
  throw new Error('no sum');
});
`;

async function makeTarball() {
  const folder = join(work, 'package');
  mkdirSync(folder);
  await stagePackage(folder);
  const { ok, output } = run(['npm', 'pack', '--silent', '--pack-destination', work], folder);
  if (!ok) throw new Error(output);
  return join(work, output.trim().split('\n').at(-1));
}

/** @returns The output of npm if it cannot be installed, otherwise `''`. */
function install(packages, tarball, folder) {
  const { ok, output } = run(
    ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--no-save', '--legacy-peer-deps', tarball, ...packages],
    folder,
  );
  return ok ? '' : output;
}

function addExamples(folder) {
  cpSync(join(root, 'docs/examples/runners'), folder, { recursive: true });
  const types = readFileSync(join(root, 'test/fixtures/package-types.txt'), 'utf8');
  for (const name of ['plain', 'types', 'forgotten-jest', 'forgotten-vitest']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'plain/sum.cjs'), PLAIN);
  writeFileSync(join(folder, 'types/user.mts'), types);
  const forgets = "test('forgets', async () => { await startChopChop(); });\n";
  writeFileSync(join(folder, 'forgotten-jest/forgets.test.js'), `const { startChopChop } = require('opensrf-chopchop');\n${forgets}`);
  const imports = "import { test } from 'vitest';\nimport { startChopChop } from 'opensrf-chopchop';\n";
  writeFileSync(join(folder, 'forgotten-vitest/forgets.test.mjs'), `${imports}${forgets}`);
  for (const [file, imports] of Object.entries(FAILING)) {
    mkdirSync(join(folder, dirname(file)));
    writeFileSync(join(folder, file), imports + FAILS);
  }
  const ofCommonJs = readFileSync(join(folder, 'ts-node/math.test.ts'));
  for (const name of ['user.cts', 'user.ts']) writeFileSync(join(folder, 'types', name), ofCommonJs);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  writeFileSync(join(folder, 'ts-node/tsconfig.json'), '{"compilerOptions":{"module":"commonjs","target":"es2022","types":["node"]}}');
  writeFileSync(join(folder, 'jest.config.cjs'), "module.exports = { transform: {}, testMatch: ['**/*.test.js', '**/*.test.mjs'] };\n");
}

function tryRow({ name, bin, program, args, env, fails = false, expects = /^/ }, folder) {
  const modules = join(folder, 'node_modules');
  const command = [program === undefined ? process.execPath : join(modules, program), ...(bin === undefined ? [] : [join(modules, bin)]), ...args];
  const begun = performance.now();
  const { ok, output } = run(command, folder, env);
  report(ok !== fails && expects.test(output) ? 'ok' : 'failed', name, performance.now() - begun, output);
}

/** Rows whose packages fit together share a folder. */
function tryRows(rows, tarball, folder) {
  if (rows.length === 0) return;
  mkdirSync(folder);
  addExamples(folder);
  const problem = install([...new Set(rows.flatMap(({ packages }) => packages))], tarball, folder);
  for (const row of rows) {
    if (problem === '') tryRow(row, folder);
    else report('skipped', row.name, 0, problem);
  }
}

function tryManager({ name, install: command, run: runner }, tarball, registry) {
  const folder = join(work, name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"name":"user","private":true}');
  writeFileSync(join(folder, 'yarn.lock'), '');
  writeFileSync(join(folder, 'sum.cjs'), PLAIN);
  const begun = performance.now();
  const installed = run(command(tarball, registry), folder);
  if (!installed.ok) return report('failed', name, performance.now() - begun, installed.output);
  const { ok, output } = run([...runner, 'sum.cjs'], folder);
  return report(ok && output.includes('sum 4') ? 'ok' : 'failed', name, performance.now() - begun, output);
}

function tryNpx({ name, specifier, refused }, tarball, registry) {
  const folder = mkdtempSync(join(work, 'npx-'));
  cpSync(tarball, join(folder, 'x.tgz'));
  const begun = performance.now();
  const env = { npm_config_registry: registry, npm_config_cache: join(folder, 'cache') };
  const { ok, output } = run(['npx', '--yes', specifier(folder), '--version'], folder, env);
  report((refused === undefined ? ok : refused.test(output)) ? 'ok' : 'failed', name, performance.now() - begun, output);
}

/** Tries package managers, the ways to add the package, and npx, with a registry that has the package. */
async function tryManagers(managers, forms, tarball) {
  if (managers.length + forms.length === 0) return;
  const child = spawn(process.execPath, [join(root, 'scripts/runners/registry.js'), tarball], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(child.stdout, 'data');
    const registry = String(line).trim();
    for (const manager of managers) tryManager(manager, tarball, registry);
    for (const form of forms) tryNpx(form, tarball, registry);
  } finally {
    child.kill();
  }
}

try {
  const tarball = await makeTarball();
  console.log(`Node ${process.versions.node}, ${process.platform}-${process.arch}`);
  tryRows(RUNNERS.filter(isWanted), tarball, join(work, 'runners'));
  for (const row of PROGRAMS.filter(isWanted)) tryRows([row], tarball, join(work, row.name.replaceAll(' ', '-')));
  await tryManagers(MANAGERS.filter(isWanted), NPX.filter(isWanted), tarball);
  console.log(`${results.ok} ok, ${results.failed} failed, ${results.skipped} skipped`);
  process.exitCode = results.failed > 0 ? 1 : 0;
} finally {
  rmSync(work, { recursive: true, force: true });
}
