import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { LoopDelay } from '../../server/control/loop-delay.ts';
import { realClock } from '../support/guards.ts';

function holdUp(ms: number): void {
  for (const begin = performance.now(); performance.now() - begin < ms; );
}

for (const [watched, ms] of [
  [true, 60],
  [false, 250],
] as const) {
  test(`a delay of ${ms} ms is measured ${watched ? 'with' : 'without'} watchers, and reported once`, async () => {
    const delay = new LoopDelay(realClock());
    delay.watched = watched;
    holdUp(ms);
    await wait(150);
    assert.ok(delay.takeLongest() >= ms / 3);
    assert.ok(delay.takeLongest() === 0);
    delay.stop();
  });
}

test('a delay shorter than the idle interval is measured while the console is open', async () => {
  const delay = new LoopDelay(realClock());
  delay.watched = true;
  holdUp(45);
  await wait(40);
  assert.ok(delay.takeLongest() >= 15);
  delay.stop();
});
