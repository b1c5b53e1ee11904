import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DayTime } from '../../server/conversations/day-time.ts';

const START = 1_700_000_000_000;

function clocks() {
  const clock = { monotonic: 500.25, setBy: 0, now: () => clock.monotonic, wallTime: () => START + Math.floor(clock.monotonic) + clock.setBy };
  return clock;
}

test('the time of day advances with the monotonic clock, in spite of the rounding of the wall clock', () => {
  const clock = clocks();
  const time = new DayTime(clock);
  const epoch = time.epoch();
  for (let n = 0; n < 20; n++) {
    clock.monotonic += 0.3;
    assert.equal(time.epoch(), epoch);
  }
  assert.equal(epoch + time.now(), START + 500 + 20 * 0.3);
});

test('the time of day follows a clock that has been set', () => {
  const clock = clocks();
  const time = new DayTime(clock);
  const epoch = time.epoch();
  clock.setBy = -3_600_000;
  assert.equal(time.epoch(), epoch - 3_600_000);
});
