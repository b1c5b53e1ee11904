import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlTarget } from './support/fuzz/control-target.ts';
import { type FuzzTarget, fuzz } from './support/fuzz/fuzz.ts';
import { LoginTarget } from './support/fuzz/login-target.ts';
import { ReaderTarget } from './support/fuzz/reader-target.ts';
import { RouterTarget } from './support/fuzz/router-target.ts';
import { ServerTarget } from './support/fuzz/server-target.ts';

// scripts/fuzz.js plays as many cases as one likes, and others each time.
const CASES: readonly (readonly [target: () => FuzzTarget, count: number])[] = [
  [() => new ReaderTarget(), 8_000],
  [() => new LoginTarget(), 4_000],
  [() => new RouterTarget(), 4_000],
  [() => new ServerTarget(), 3_000],
  [() => new ControlTarget(), 1_000],
];

for (const [makeTarget, count] of CASES) {
  const target = makeTarget();
  test(`${count} mutated conversations do no harm: ${target.name}`, async (t) => {
    t.after(() => target.close());
    assert.deepEqual(await fuzz(target, 1, count), null);
  });
}
