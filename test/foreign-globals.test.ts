import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support/declarations.ts';
import { HANG_MS } from './support/processes.ts';
import { installedPackage } from './support/staged-package.ts';

const ROUND_TRIP = '4 true 404';

interface Program {
  readonly name: string;
  readonly source: string;
  readonly expected: string;
}

/** All globals outside the language, and the language's clocks and random numbers. */
const NO_GLOBALS = `
  const { stdout } = process;
  const language = new Set(require('node:vm').runInNewContext('Object.getOwnPropertyNames(globalThis)'));
  const globals = Object.getOwnPropertyNames(globalThis).filter((name) => !language.has(name) && !['global', 'globalThis'].includes(name));
  for (const name of [...globals, 'Date']) {
    Object.defineProperty(globalThis, name, { get() { throw new Error('the global ' + name + ' is used'); } });
  }
  Math.random = () => { throw new Error('Math.random is used'); };`;

/** As Sinon and Jest replace them: nothing that is started ever happens. */
const DEAD_TIMERS = `
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']) globalThis[name] = () => 1;
  Date.now = () => 0;
  performance.now = () => 0;`;

const PROGRAMS: readonly Program[] = [
  {
    name: 'a fixture answers when a test has replaced every global that it could use',
    source: `const library = require('opensrf-chopchop'); const roundTrip = require('./round-trip.cjs');
      ${NO_GLOBALS}
      roundTrip(library).then((text) => stdout.write(text), (error) => stdout.write(String(error.stack)));`,
    expected: ROUND_TRIP,
  },
  {
    name: 'a fixture answers when a test has replaced all timers and clocks',
    source: `const library = require('opensrf-chopchop'); const roundTrip = require('./round-trip.cjs');
      ${DEAD_TIMERS}
      roundTrip(library, { web: true }).then((text) => process.stdout.write(text));`,
    expected: ROUND_TRIP,
  },
  {
    name: 'a fixture answers while process.nextTick is one of Sinon’s, on which Node’s sockets rely',
    source: `const library = require('opensrf-chopchop'); const roundTrip = require('./round-trip.cjs');
      const held = [];
      process.nextTick = (action, ...args) => held.push(() => action(...args));
      process.nextTick.clock = { runMicrotasks() { while (held.length > 0) held.shift()(); } };
      roundTrip(library).then((text) => require('node:fs').writeSync(1, text));`,
    expected: ROUND_TRIP,
  },
  {
    name: 'a library that is loaded after the timers were replaced refuses to load, and says why',
    source: `const { setTimeout } = globalThis; require('node:timers').setTimeout = () => ({ ref() {}, unref() {} });
      try { require('opensrf-chopchop'); } catch (error) { process.stdout.write(error.message); }`,
    expected:
      'opensrf-chopchop was loaded while Node’s timers were replaced by fake ones, so it would never answer: import it before you call useFakeTimers (or mock.timers.enable)',
  },
];

test('foreign globals', async (t) => {
  const folder = await installedPackage(t);
  copyFileSync(join(ROOT, 'test/fixtures/package/round-trip.cjs'), join(folder, 'round-trip.cjs'));
  for (const program of PROGRAMS) await t.test(program.name, () => outputs(folder, program));
});

function outputs(folder: string, { source, expected }: Program): void {
  writeFileSync(join(folder, 'program.cjs'), source);
  const { stdout, stderr } = spawnSync(process.execPath, ['program.cjs'], { cwd: folder, encoding: 'utf8', timeout: HANG_MS });
  assert.deepEqual([stdout, stderr], [expected, '']);
}
