import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logLevelOfOpensrf } from '../../server/kernel/log-levels.ts';

test("OpenSRF's levels 0 to 5 are ours from silent to trace; numbers beyond them become the nearest", () => {
  for (const [loglevel, level] of [
    [0, 'silent'],
    [1, 'error'],
    [2, 'warn'],
    [3, 'info'],
    [4, 'debug'],
    [5, 'trace'],
    [6, 'trace'],
    [99, 'trace'],
    [Number.POSITIVE_INFINITY, 'trace'],
    [-1, 'silent'],
    [Number.NaN, 'silent'],
    [0.9, 'silent'],
    [3.9, 'info'],
  ] as const) {
    assert.equal(logLevelOfOpensrf(loglevel), level, String(loglevel));
  }
});
