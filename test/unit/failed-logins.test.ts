import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailedLogins } from '../../server/login/failed-logins.ts';
import { FakeClock } from '../support/fakes.ts';

function setUp() {
  const clock = new FakeClock();
  const failed = new FailedLogins({ failedLogins: 2, failedLoginWindowMs: 60_000, failedLoginDelayMs: 2_000 }, clock);
  const fail = (peer: string, times: number) => Array.from({ length: times }, () => failed.delayMs(peer));
  return { clock, fail };
}

test('the answers to a number of failed logins of one address are immediate, later ones delayed; other addresses do not count', () => {
  const { fail } = setUp();
  assert.deepEqual(fail('10.0.0.1:1', 4), [0, 0, 2_000, 2_000]);
  assert.deepEqual(fail('10.0.0.1:2', 1), [2_000], 'the same address from another port');
  assert.deepEqual(fail('10.0.0.2:1', 1), [0]);
});

test('when the window of time is over, it begins anew', () => {
  const { clock, fail } = setUp();
  fail('10.0.0.1:1', 9);
  clock.advance(59_999);
  assert.deepEqual(fail('10.0.0.1:1', 1), [2_000]);
  clock.advance(1);
  assert.deepEqual(fail('10.0.0.1:1', 3), [0, 0, 2_000]);
});

test('the memory of failed logins is bounded, however many addresses there are', () => {
  const { fail } = setUp();
  fail('10.0.0.1:1', 3);
  for (let index = 0; index < 10_000; index++) fail(`10.1.${index >> 8}.${index & 255}:1`, 1);
  assert.deepEqual(fail('10.0.0.1:1', 1), [0], 'forgotten');
});
