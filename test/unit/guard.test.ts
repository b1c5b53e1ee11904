import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClock, SYSTEM_TIME } from '../../server/kernel/clock.ts';
import { Guards } from '../../server/kernel/guard.ts';
import { unfailing } from '../../server/kernel/log.ts';
import { Slices } from '../../server/kernel/slices.ts';
import { Turn } from '../../server/kernel/turn.ts';
import { Watchers } from '../../server/kernel/watchers.ts';
import { Flusher } from '../../server/net/flusher.ts';
import type { Job } from '../../shared/job.ts';
import { forAll, runAll } from '../../shared/steps.ts';
import { FakeClock } from '../support/fakes.ts';
import { recordingLog } from '../support/server.ts';

const LIMITS = { observerFailures: 3, logWindowMs: 10_000 };

function setUp() {
  const log = recordingLog();
  const clock = new FakeClock();
  return { log, clock, guards: new Guards(log, clock, LIMITS) };
}

const fail = (): never => {
  throw new Error('observer');
};

test('a failure of an observer is logged once in a window of time, and counted each time', () => {
  const { log, clock, guards } = setUp();
  const guard = guards.create('trace', null);
  for (let times = 0; times < 5; times++) guard.run(fail);
  clock.advance(LIMITS.logWindowMs);
  guard.run(fail);
  assert.deepEqual(
    log.lines.map(({ level, message, fields }) => [level, message, fields['failures']]),
    [
      ['error', 'trace failed', 1],
      ['error', 'trace failed', 6],
    ],
  );
  assert.equal(guards.failures.get('trace'), 6);
});

test('a guard removes an observer that fails repeatedly in one window, once, and does not run it any more', () => {
  const { log, guards } = setUp();
  let out = 0;
  let runs = 0;
  const guard = guards.create('recording', () => out++);
  const run = () => {
    runs++;
    fail();
  };
  for (let times = 0; times < 6; times++) guard.run(run);
  assert.deepEqual([guard.out, out, runs], [true, 1, LIMITS.observerFailures]);
  assert.equal(log.lines.at(-1)?.message, 'recording failed repeatedly and was removed');
});

test('an observer that fails rarely stays', () => {
  const { clock, guards } = setUp();
  const guard = guards.create('trace', () => assert.fail('removed'));
  for (let times = 0; times < 20; times++) {
    guard.run(fail);
    clock.advance(LIMITS.logWindowMs / 2);
  }
  assert.equal(guard.out, false);
});

test('a guard does not throw if the log or the removal of the observer throws', () => {
  const log = { debug: fail, info: fail, warn: fail, error: fail };
  const guard = new Guards(log, new FakeClock(), LIMITS).create('trace', fail);
  for (let times = 0; times < 5; times++) guard.run(fail);
  assert.equal(guard.out, true);
  unfailing(log).error({}, 'nothing comes of it');
});

test('a watcher that throws is removed, and the others are called', () => {
  const { guards } = setUp();
  const watchers = new Watchers<[number]>(guards, 'watcher');
  const calls: number[] = [];
  let takenOut = 0;
  watchers.add(fail, () => takenOut++);
  watchers.add((number) => calls.push(number));
  for (const number of [1, 2, 3, 4]) watchers.call(number);
  assert.deepEqual(calls, [1, 2, 3, 4]);
  assert.deepEqual([watchers.size, takenOut], [1, 1]);
});

test('no timer of any kind throws into the process', async () => {
  const { log, guards } = setUp();
  const clock = createClock(guards.create('timer', null));
  // Timers of a server do not keep its process.
  const alive = setInterval(() => {}, 1_000);
  const once = (start: (action: () => void) => void) =>
    new Promise<void>((resolve) =>
      start(() => {
        resolve();
        fail();
      }),
    );
  await Promise.all([once((action) => clock.next(action)), once((action) => clock.soon(action)), once((action) => clock.after(1, action))]);
  let times = 0;
  await once((action) => {
    const repeated = clock.every(1, () => {
      if (++times < 2) fail();
      repeated.cancel();
      action();
    });
  });
  clearInterval(alive);
  assert.equal(guards.failures.get('timer'), 5);
  assert.deepEqual(
    log.lines.map(({ message }) => message),
    ['timer failed'],
  );
});

test('failing output does not stop other output', async () => {
  const { guards } = setUp();
  const flusher = new Flusher(new Turn(SYSTEM_TIME), SYSTEM_TIME, guards.create('flush', null));
  let flushed = 0;
  flusher.add({ flush: fail });
  flusher.add({ flush: () => flushed++ });
  await new Promise(setImmediate);
  assert.deepEqual([flushed, guards.failures.get('flush')], [1, 1]);
});

test('a job that fails ends alone, and the failure is counted', async () => {
  const { guards } = setUp();
  const slices = new Slices(SYSTEM_TIME, guards.create('job', null));
  const done: string[] = [];
  const job = function* (name: string, bits: number): Job {
    for (let bit = 0; bit < bits; bit++) {
      if (name === 'bad' && bit === 40) fail();
      done.push(name);
      yield;
    }
  };
  slices.run(job('bad', 50));
  slices.run(job('good', 50));
  await new Promise(setImmediate);
  assert.deepEqual([done.filter((name) => name === 'bad').length, done.filter((name) => name === 'good').length], [40, 50]);
  assert.deepEqual([guards.failures.get('job'), slices.size], [1, 0]);
});

test('all steps run, even after one that throws, and the first error is thrown at the end', () => {
  const done: number[] = [];
  const step = (number: number) => {
    done.push(number);
    if (number > 1) throw new Error(`step ${number}`);
  };
  assert.throws(() => forAll([1, 2, 3], step), /step 2/);
  assert.throws(() => runAll(fail, () => done.push(4)), /observer/);
  assert.deepEqual(done, [1, 2, 3, 4]);
});
