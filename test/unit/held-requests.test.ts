import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELD_BYTES, HeldRequests } from '../../router/ledger/held-requests.ts';
import { SERVER_ORIGIN } from '../../shared/origin.ts';
import { Stanza } from '../../shared/stanza.ts';
import { AT_ONCE, FakeClock } from '../support/fakes.ts';

const HOLD_MS = 1_000;

function request(id: string, length = 10, session = 0): Stanza {
  const stanza = new Stanza('message', 'router@localhost/x', 'a@localhost/b', '', id);
  stanza.origin = { ...SERVER_ORIGIN, session };
  stanza.inner = 'x'.repeat(length);
  return stanza;
}

function holder(holdMs = HOLD_MS, limits = { heldRequests: 100, heldBytes: 100_000 }) {
  const clock = new FakeClock();
  const expired: string[] = [];
  const held = new HeldRequests(holdMs, limits, { clock, jobs: AT_ONCE }, (className, { id }) => expired.push(`${className} ${id} ${clock.now()}`));
  return { clock, held, expired, start: clock.now() };
}

/** Takes out all that waits for a class. @returns the ids. */
function release(held: HeldRequests, className: string): string {
  return Array.from(held.release(className), ({ id }) => id).join('');
}

test('requests are released by class, once, in order of arrival', () => {
  const { clock, held } = holder();
  for (const [className, id] of ['a1', 'b2', 'a3', 'b4', 'a5'].map((text) => [text.charAt(0), text.charAt(1)] as const)) {
    assert.equal(held.hold(className, request(id)), true);
  }
  assert.equal(held.size, 5);
  assert.equal(release(held, 'a'), '135');
  assert.equal(release(held, 'a'), '');
  assert.equal(release(held, 'c'), '');
  assert.equal(held.size, 2);
  assert.equal(release(held, 'b'), '24');
  assert.equal(held.size, 0);
  assert.equal(clock.timers, 0);
});

test('a request expires at its own time, with one timer for each class', () => {
  const { clock, held, expired, start } = holder();
  held.hold('a', request('1'));
  clock.advance(400);
  held.hold('a', request('2'));
  held.hold('a', request('3'));
  clock.advance(300);
  held.hold('b', request('4'));
  assert.equal(clock.timers, 2);
  clock.advance(10_000);
  assert.deepEqual(expired, [`a 1 ${start + 1_000}`, `a 2 ${start + 1_400}`, `a 3 ${start + 1_400}`, `b 4 ${start + 1_700}`]);
  assert.equal(held.size, 0);
  assert.equal(clock.timers, 0);
});

test('released requests do not expire, and later ones have their full time', () => {
  const { clock, held, expired, start } = holder();
  held.hold('a', request('1'));
  clock.advance(999);
  release(held, 'a');
  held.hold('a', request('2'));
  clock.advance(999);
  assert.deepEqual(expired, []);
  clock.advance(1);
  assert.deepEqual(expired, [`a 2 ${start + 1_999}`]);
});

/** A request that takes this much memory. */
function sized(id: string, bytes: number): Stanza {
  return request(id, bytes - HELD_BYTES - request(id, 1).cost + 1);
}

test('the number and the bytes of held requests are limited', () => {
  const { held, clock } = holder(HOLD_MS, { heldRequests: 3, heldBytes: 10_000 });
  assert.equal(held.hold('a', sized('1', 10_001)), false);
  assert.equal(held.hold('a', sized('1', 6_000)), true);
  assert.equal(held.hold('a', sized('2', 4_001)), false);
  assert.equal(held.hold('b', sized('2', 3_000)), true);
  assert.equal(held.hold('b', sized('3', 1_001)), false);
  assert.equal(held.hold('b', sized('3', 1_000)), true);
  assert.equal(held.hold('c', request('4', 0)), false);
  release(held, 'b');
  assert.equal(held.hold('c', sized('4', 4_001)), false, 'only what was released is free');
  assert.equal(held.hold('c', sized('4', 4_000)), true);
  held.forget(0);
  assert.equal(held.hold('a', sized('5', 10_000)), true, 'all is free');
  clock.advance(HOLD_MS);
  assert.equal(held.hold('a', sized('6', 10_000)), true, 'what expired is free');
});

test('the end of a client drops its held requests, and no others', () => {
  const { clock, held, expired, start } = holder();
  for (const id of ['x1', 'y2', 'x3', 'y4']) held.hold('a', request(id, 10, id.startsWith('x') ? 1 : 2));
  held.hold('b', request('x5', 10, 1));
  clock.advance(100);
  held.forget(1);
  assert.equal(held.size, 2);
  assert.equal(clock.timers, 1);
  clock.advance(HOLD_MS);
  assert.deepEqual(expired, [`a y2 ${start + HOLD_MS}`, `a y4 ${start + HOLD_MS}`]);
  assert.equal(held.size, 0);
});

test('after the first of a class is dropped, the next still expires at its own time', () => {
  const { clock, held, expired, start } = holder();
  held.hold('a', request('1', 10, 1));
  clock.advance(500);
  held.hold('a', request('2'));
  held.forget(1);
  clock.advance(10_000);
  assert.deepEqual(expired, [`a 2 ${start + 1_500}`]);
  assert.equal(clock.timers, 0);
});

test('with a holding time of 0 nothing is held', () => {
  const { clock, held } = holder(0);
  assert.equal(held.hold('a', request('1')), false);
  assert.equal(clock.timers, 0);
});

test('requests for expected classes are held until their time is over, and at least as long as others', () => {
  const { clock, held, expired, start } = holder(0);
  held.expect(['a'], 1_000);
  clock.advance(300);
  assert.deepEqual([held.hold('a', request('1')), held.hold('b', request('2'))], [true, false]);
  clock.advance(600);
  assert.equal(held.hold('a', request('3')), true);
  assert.equal(release(held, 'a'), '13');
  assert.equal(held.hold('a', request('4')), true);
  clock.advance(100);
  assert.deepEqual(expired, [`a 4 ${start + 1_000}`]);
  assert.equal(held.hold('a', request('5')), false);
  const longer = holder(2_000);
  longer.held.expect(['a'], 1_000);
  longer.held.hold('a', request('6'));
  longer.clock.advance(5_000);
  assert.deepEqual(longer.expired, [`a 6 ${longer.start + 2_000}`]);
});
