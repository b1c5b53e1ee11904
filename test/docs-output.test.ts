import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MAIN, run } from './support/command.ts';
import { endWith } from './support/processes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The block of the README that contains this text. */
function shown(text: string): string[] {
  const blocks = [...README.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].filter(([, language]) => language === '').map((match) => match[2] as string);
  const block = blocks.find((content) => content.includes(text));
  assert.ok(block !== undefined, `the README shows "${text}"`);
  return block.trimEnd().split('\n');
}

/** A line without its variable parts. */
function stable(line: string): string {
  return line
    .trimEnd()
    .replace(/token=\S+/, 'token=…')
    .replace(/_\d+_[0-9a-f]{6}|_\d+$/g, '_…')
    .replace(/\d+/g, 'N');
}

/** Asserts that lines are there, one behind the other. */
function assertShown(lines: readonly string[], output: string): void {
  const real = output.split(/\r?\n/).map(stable);
  let at = 0;
  for (const line of lines.map(stable)) {
    const next = real.indexOf(line, at);
    assert.notEqual(next, -1, `"${line}" behind "${real[at - 1] ?? ''}" in\n${real.join('\n')}`);
    at = next + 1;
  }
}

test('the README shows the path of a request as the demo prints it', () => {
  assertShown(shown('asks router@localhost/opensrf.math for add(2, 2)'), run('demo').stdout);
});

test("the README shows a file's errors as --check-config prints them", () => {
  const [command = '', ...lines] = shown('--check-config');
  const args = command.replace('$ npx opensrf-chopchop ', '').split(' ');
  const { stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', cwd: ROOT });
  assert.equal(lines.at(-1), '…');
  assert.deepEqual(stderr.split('\n').slice(0, lines.length - 1), lines.slice(0, -1));
});

const noTerminal = spawnSync('script', ['--version']).error !== undefined && 'there is no script, which makes a terminal';

test('the README shows the banner as a terminal does', { skip: noTerminal }, async (t) => {
  const command = `exec '${process.execPath}' '${MAIN}' --port 0`;
  const terminal = endWith(t, spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] }));
  let output = '';
  terminal.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  while (!output.includes('Ctrl-C stops it.')) await once(terminal.stdout, 'data');
  // Ctrl-C.
  terminal.stdin.write('\u0003');
  const [code] = await once(terminal, 'close');
  assert.equal(code, 0);
  const known = readFileSync('/etc/hosts', 'utf8').includes('private.localhost');
  assertShown(
    shown('Ctrl-C stops it.').filter((line) => !(known && /\/etc\/hosts|^ +127\.0\.0\.1 |^ +listening /.test(line))),
    output,
  );
});
