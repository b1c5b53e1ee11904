import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Link } from '../../server/cluster/link/link.ts';
import { Membership } from '../../server/cluster/link/membership.ts';
import { playSchedule, type ScheduleKind } from '../support/link-schedule.ts';

/** Schedules with which a test shows that it notices a missing rule. */
const ENOUGH = 300;

/** Plays schedules. @returns the first problems, by seed. */
function play(t: TestContext, kind: ScheduleKind, count: number): string[] {
  const cpu = process.cpuUsage();
  const problems: string[] = [];
  let frames = 0;
  let given = 0;
  for (let seed = 1; seed <= count && problems.length < 5; seed++) {
    const result = playSchedule(seed, kind);
    frames += result.frames;
    given += result.given;
    if (result.problems.length > 0) problems.push(`seed ${seed}: ${result.problems[0]}`);
  }
  const { user, system } = process.cpuUsage(cpu);
  t.diagnostic(`${count} schedules, ${frames} frames, a member was given up ${given} times, ${Math.round((user + system) / 1_000)} ms of CPU`);
  return problems;
}

test('whatever the engine loses, repeats, delays, or cuts, each frame arrives once and in order, or its sender gets it back', (t) => {
  assert.deepEqual(play(t, 'rough', 5_000), []);
});

test('a member that stands still for too long loses its links, and no frame arrives after its sender has got it back', (t) => {
  assert.deepEqual(play(t, 'stalls', 2_500), []);
});

test('a member is not given up because this process stood still itself', (t) => {
  assert.deepEqual(play(t, 'paused', 2_500), []);
});

test('another process takes the place of a member in the middle of its frames, and the others notice nothing', (t) => {
  assert.deepEqual(play(t, 'restarts', 500), []);
});

/** Replaces a method for one test. */
function replace<Key extends string>(t: TestContext, prototype: object, name: Key, method: (...args: never[]) => unknown): void {
  t.mock.method(prototype as Record<Key, () => unknown>, name as never, method as never);
}

test('the schedules notice that a link has no epochs', (t) => {
  replace(t, Link.prototype, 'agree', function (this: { state: string; theirs: number; join(): void }, header: { mine: number }): boolean {
    this.theirs = header.mine;
    if (this.state === 'greeting') this.join();
    return true;
  });
  assert.notDeepEqual(play(t, 'rough', ENOUGH), []);
});

test('the schedules notice that own stalls count as silence of the others', (t) => {
  replace(t, Membership.prototype, 'forgive', () => {});
  assert.notDeepEqual(play(t, 'paused', ENOUGH), []);
});

test('the schedules notice that a link has no self-fencing', (t) => {
  replace(t, Link.prototype, 'raiseFence', () => {});
  assert.notDeepEqual(play(t, 'stalls', ENOUGH), []);
});
