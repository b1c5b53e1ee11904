import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './support/command.ts';

// scripts/prepare.js, in a small project of its own.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function project(t: TestContext) {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  for (const name of ['scripts/prepare.js', 'scripts/release/root.js', 'tsconfig.json', 'package.json']) cpSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['main', 'opensrf-router', 'other']) write(`server/${name}.ts`, `export const name = '${name}';\n`);
  write('server/console/page/index.html', '<p>one</p>');
  const prepare = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'scripts/prepare.js'), ...args], { encoding: 'utf8', cwd: folder });
    return { status, stdout, stderr };
  };
  const remains = () => readdirSync(folder).filter((name) => name.startsWith('.dist'));
  return { folder, write, prepare, remains, built: (name: string) => join(folder, 'dist', name) };
}

const COMPILING = { status: 0, stdout: 'prepare: compiling 3 TypeScript files into dist/\n', stderr: '' };
const NOTHING = { status: 0, stdout: '', stderr: '' };

test('prepare compiles once with one line of output, and does nothing if dist/ is up to date', (t) => {
  const { write, prepare, built, remains } = project(t);
  assert.deepEqual(prepare(), COMPILING);
  assert.equal(statSync(built('server/main.js')).mode & 0o111, 0o111);
  const { ino } = statSync(built('.'));
  assert.deepEqual([prepare(), prepare('--required')], [NOTHING, NOTHING]);
  assert.equal(statSync(built('.')).ino, ino);
  write('README.md', 'no source');
  assert.deepEqual(prepare(), NOTHING);
  assert.deepEqual(remains(), []);
});

test('a change of a source, of the page or of the compiler’s options, a file that is gone or new is compiled anew', (t) => {
  const { folder, write, prepare, built } = project(t);
  prepare();
  write('server/other.ts', 'export const name = 2;\n');
  assert.deepEqual([prepare(), prepare()], [COMPILING, NOTHING]);
  write('server/console/page/index.html', '<p>two</p>');
  assert.deepEqual(prepare(), COMPILING);
  assert.equal(readFileSync(built('server/console/page/index.html'), 'utf8'), '<p>two</p>');
  write('tsconfig.json', readFileSync(join(folder, 'tsconfig.json'), 'utf8').replace('"strict": true', '"strict": true, "removeComments": true'));
  assert.deepEqual(prepare(), COMPILING);
  rmSync(built('server/other.js'));
  assert.deepEqual(prepare(), COMPILING);
  rmSync(join(folder, 'server/other.ts'));
  assert.match(prepare().stdout, /compiling 2 TypeScript files/);
  assert.equal(existsSync(built('server/other.js')), false);
});

test('a failed build leaves the old output', (t) => {
  const { write, prepare, built, remains } = project(t);
  prepare();
  write('server/main.ts', 'export const name: number = "main";\n');
  const { status, stdout } = prepare();
  assert.notEqual(status, 0);
  assert.match(stdout, /server\/main\.ts.*error TS/);
  assert.match(readFileSync(built('server/main.js'), 'utf8'), /'main'/);
  assert.deepEqual(remains(), []);
});

test('a build that Ctrl-C ends leaves the old output, and the next one removes its remains', async (t) => {
  const { folder, write, prepare, built, remains } = project(t);
  prepare();
  write('server/other.ts', 'export const name = 2;\n');
  const watcher = watch(folder);
  const begun = new Promise<void>((resolve) => watcher.on('change', (_event, name) => String(name).startsWith('.dist-') && resolve()));
  const child = spawn(process.execPath, [join(folder, 'scripts/prepare.js')], { cwd: folder, stdio: 'ignore', detached: true });
  await begun;
  watcher.close();
  // A terminal sends it to all of them.
  process.kill(-(child.pid as number), 'SIGINT');
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGINT');
  assert.match(readFileSync(built('server/other.js'), 'utf8'), /'other'/);
  assert.equal(remains().length, 1);
  assert.deepEqual(prepare(), COMPILING);
  assert.match(readFileSync(built('server/other.js'), 'utf8'), /2/);
  assert.deepEqual(remains(), []);
});

test('without a compiler prepare does nothing, unless it has to', (t) => {
  const { folder, prepare } = project(t);
  rmSync(join(folder, 'node_modules'));
  assert.deepEqual(prepare(), NOTHING);
  assert.deepEqual(prepare('--required'), { status: 1, stdout: '', stderr: 'prepare: TypeScript is not installed; run "npm ci" first\n' });
});
