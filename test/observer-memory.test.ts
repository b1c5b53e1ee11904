import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './support/command.ts';
import { HANG_MS } from './support/processes.ts';

const CHILD = fileURLToPath(new URL('./support/observer-memory-child.js', import.meta.url));
const MB = 1_048_576;

/** Five limits of 512 KiB (two taps, a log, a trace, the ledger), and half as much again for uncounted memory: code, a stanza on its way. */
const MOST = 4 * MB;

interface Held {
  readonly name: string;
  readonly before: number;
  readonly during: number;
  readonly after: number;
  readonly errors: readonly unknown[];
}

test('observers remember no more than their limits for any traffic, and nothing once they have forgotten it', async (t) => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', CHILD, temporaryFolder(t)], { encoding: 'utf8', timeout: HANG_MS });
  assert.equal(stderr, '');
  const shapes = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Held);
  assert.equal(shapes.length, 10);
  for (const { name, before, during, after, errors } of shapes) {
    await t.test(name, () => {
      assert.deepEqual(errors, []);
      assert.ok(during - before < MOST, `${(during - before) / MB} MB are remembered of 7 MB or more`);
      assert.ok(after - before < MB, `${(after - before) / MB} MB are left`);
    });
  }
});
