import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HANG_MS } from './support/processes.ts';

const CHILD = fileURLToPath(new URL('./support/memory-child.js', import.meta.url));
const MB = 1_048_576;

/** How many bytes more are held while the sessions stay. */
function growth(scenario: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', CHILD, scenario], { encoding: 'utf8', timeout: HANG_MS });
  assert.equal(stderr, '');
  const { before, after, sessions } = JSON.parse(stdout) as { before: number; after: number; sessions: number };
  assert.equal(sessions, 2);
  return after - before;
}

test('60 MB in large messages, one of them too large, leave nothing behind in the sessions that stay', () => {
  const bytes = growth('large');
  assert.ok(bytes < 2 * MB, `${bytes / MB} MB`);
});

test('names that are remembered keep no chunk of input alive', () => {
  const bytes = growth('names');
  // 600 of them; their chunks have 36 MB.
  assert.ok(bytes < 4 * MB, `${bytes / MB} MB`);
});
