import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SYSTEM_TIME } from '../../server/kernel/clock.ts';
import { Slices } from '../../server/kernel/slices.ts';
import type { Job } from '../../shared/job.ts';
import { someGuard } from '../support/guards.ts';

/** A job that ends on demand, or with the test. */
function openJob(t: TestContext): { job: Job; end: () => void } {
  let open = true;
  t.after(() => {
    open = false;
  });
  function* work(): Job {
    while (open) yield;
  }
  return {
    job: work(),
    end: () => {
      open = false;
    },
  };
}

async function turns(): Promise<void> {
  for (let count = 0; count < 3; count++) await turn();
}

test('an action waits for all jobs that are under way, and for none that begins later', async (t) => {
  const slices = new Slices(SYSTEM_TIME, someGuard());
  const done: string[] = [];
  slices.afterOthers(() => done.push('nothing to wait for'));
  const [first, second, later] = [openJob(t), openJob(t), openJob(t)];
  slices.run(first.job);
  slices.run(second.job);
  slices.afterOthers(() => done.push('first and second'));
  slices.run(later.job);
  slices.afterOthers(() => done.push('all'));
  second.end();
  await turns();
  assert.deepEqual(done, ['nothing to wait for']);
  first.end();
  await turns();
  assert.deepEqual(done, ['nothing to wait for', 'first and second']);
  later.end();
  await turns();
  assert.deepEqual(done, ['nothing to wait for', 'first and second', 'all']);
});

test('an action that fails keeps no other from being called', async (t) => {
  const slices = new Slices(SYSTEM_TIME, someGuard());
  const { job, end } = openJob(t);
  let called = 0;
  slices.run(job);
  slices.afterOthers(() => {
    throw new Error('fails');
  });
  slices.afterOthers(() => called++);
  end();
  await turns();
  assert.equal(called, 1);
});
