import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crashText, nodeProblem } from '../server/kernel/start-program.ts';
import { temporaryFolder } from './support/command.ts';
import { HANG_MS } from './support/processes.ts';

// How the programs begin, and how they end at an error that nothing catches.

const DIST = fileURLToPath(new URL('../', import.meta.url));
const PROGRAMS = { 'server/main.js': 'opensrf-chopchop', 'server/opensrf-router.js': 'opensrf_router' } as const;

/** Runs a program behind a script of CommonJS. */
function runBehind(t: TestContext, script: string, program: string, ...args: string[]) {
  const before = join(temporaryFolder(t), 'before.cjs');
  writeFileSync(before, script);
  return spawnSync(process.execPath, ['--require', before, join(DIST, program), ...args], { encoding: 'utf8', timeout: HANG_MS });
}

test('a Node that is too old is refused with one line that names the oldest supported one', () => {
  const too = (version: string) => nodeProblem(version) !== '';
  assert.deepEqual(['16.20.2', '18.20.4', '20.18.3'].map(too), [true, true, true]);
  assert.deepEqual(['20.19.0', '20.20.2', '22.0.0', '26.1.0'].map(too), [false, false, false, false]);
  assert.equal(nodeProblem('18.20.4'), 'needs Node 20.19 or later, this is 18.20');
});

for (const [program, name] of Object.entries(PROGRAMS)) {
  test(`${name} refuses an old Node with one line, before it loads anything else`, (t) => {
    const old = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });";
    const { status, stdout, stderr } = runBehind(t, old, program, '--version');
    assert.deepEqual([status, stdout, stderr], [1, '', `${name}: needs Node 20.19 or later, this is 18.20\n`]);
    const text = readFileSync(join(DIST, program), 'utf8');
    assert.deepEqual(
      [...text.matchAll(/^import .* from '(.*)';$/gm)].map(([, from]) => from),
      ['./kernel/start-program.js'],
    );
  });
}

test('the files that an old Node reads have neither imports nor newer syntax', () => {
  const text = readFileSync(join(DIST, 'server/kernel/start-program.js'), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  assert.doesNotMatch(text, /\bimport\b|\?\?|\?\.|\|\|=|&&=|#\w+|static \{|\bawait\b/);
});

/** Does something when a program connects to a server. */
const whenItConnects = (action: string) => `const { Socket } = require('node:net'); Socket.prototype.connect = function () { ${action} return this; };`;

for (const [what, action] of [
  ['an error that nothing catches', "setImmediate(() => { const source = 'of the program'; throw new TypeError('boom'); });"],
  ['a promise that nothing waits for', "const source = 'of the program'; Promise.reject(new TypeError('boom'));"],
] as const) {
  test(`${what} ends a command with its stack, and without a line of the source`, (t) => {
    const { status, stderr } = runBehind(t, whenItConnects(action), 'server/main.js', 'wait', 'opensrf.math', '--port', '1', '--timeout', '20');
    assert.equal(status, 1);
    assert.match(stderr, /^opensrf-chopchop: TypeError: boom\n(?: +at .*\n)+$/);
    assert.doesNotMatch(stderr, /of the program/);
  });
}

test('the printed error omits the line of the source', () => {
  const error = new SyntaxError('missing )');
  error.stack = 'chopchop.cjs:1\nvar secret=minified(source;\n    ^\n\nSyntaxError: missing )\n    at new Script (node:vm:1:2)\n    at x (y:1:2)';
  assert.equal(crashText(error), 'SyntaxError: missing )\n    at new Script (node:vm:1:2)\n    at x (y:1:2)');
  assert.equal(crashText('text'), 'thrown: text');
});

test('a full disk is one line and exit code 4', (t) => {
  const full = "process.stdout.write = () => { const error = new Error('ENOSPC: no space left on device, write'); error.syscall = 'write'; throw error; };";
  const { status, stderr } = runBehind(t, full, 'server/main.js', '--check-config');
  assert.deepEqual([status, stderr], [4, 'opensrf-chopchop: cannot write: ENOSPC: no space left on device, write\n']);
});
