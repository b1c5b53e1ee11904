import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EarlyRegistrations } from '../../server/cluster/early-registrations.ts';
import { FRAME_KINDS, type Frame } from '../../server/cluster/frame.ts';

function registration(className: string, jid = 'opensrf@localhost/listener', padding = ''): Frame {
  return { kind: FRAME_KINDS.registered, numbers: [1, 0, 0], texts: ['localhost', className, jid, 'c', padding] };
}

const PLACE = { number: 1, member: 'c' };

function classesOf(frames: readonly Frame[]): unknown[] {
  return frames.map(({ texts }) => texts[1]);
}

test('registrations wait for the session of their listener, in order', () => {
  const early = new EarlyRegistrations();
  early.keep('a', PLACE, registration('opensrf.one'));
  early.keep('a', { number: 2, member: 'c' }, registration('opensrf.other'));
  early.keep('a', PLACE, registration('opensrf.two'));
  assert.deepEqual(classesOf(early.take(PLACE)), ['opensrf.one', 'opensrf.two']);
  assert.deepEqual(early.take(PLACE), []);
  assert.deepEqual(classesOf(early.take({ number: 2, member: 'c' })), ['opensrf.other']);
});

test('a listener that has left before its session is known does not register', () => {
  const early = new EarlyRegistrations();
  early.keep('a', PLACE, registration('opensrf.one'));
  early.keep('a', PLACE, registration('opensrf.two'));
  early.left({ kind: FRAME_KINDS.left, numbers: [0], texts: ['localhost', 'opensrf.one', 'opensrf@localhost/listener', ''] });
  assert.deepEqual(classesOf(early.take(PLACE)), ['opensrf.two']);
});

test('the registrations of a lost member are forgotten, and those that it has announced', () => {
  const early = new EarlyRegistrations();
  early.keep('a', PLACE, registration('opensrf.one'));
  early.keep('b', PLACE, registration('opensrf.two'));
  early.memberLeft('a');
  assert.deepEqual(classesOf(early.take(PLACE)), ['opensrf.two']);
  early.keep('a', PLACE, registration('opensrf.one'));
  early.memberLeft('c');
  assert.deepEqual(early.take(PLACE), []);
});

test('registrations that wait are bounded in number and in length', () => {
  const early = new EarlyRegistrations();
  for (let count = 0; count < 1_000; count++) assert.equal(early.keep('a', PLACE, registration(`opensrf.${count}`)), true);
  assert.equal(early.keep('a', PLACE, registration('opensrf.more')), false);
  early.take(PLACE);
  assert.equal(early.keep('a', PLACE, registration('opensrf.long', 'opensrf@localhost/listener', 'x'.repeat(2_000_000))), false);
  for (let count = 0; count < 2; count++) early.keep('a', PLACE, registration('opensrf.long', 'opensrf@localhost/listener', 'x'.repeat(500_000)));
  assert.equal(early.keep('a', PLACE, registration('opensrf.long', 'opensrf@localhost/listener', 'x'.repeat(500_000))), false);
});
