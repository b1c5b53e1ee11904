import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import { startLab, WatchedMember } from '../support/cluster-link.ts';
import { FakeClock } from '../support/fakes.ts';

const MEGABYTE = 'x'.repeat(1_000_000);

test('frames that a member has not acknowledged, and those that wait behind them, are charged until it has', async () => {
  const { clock, hub, a } = await startLab({ linkWindowBytes: 100_000 });
  hub.cut('a', 'b');
  a.link('b').send(1, MEGABYTE);
  a.link('b').send(2, 'short');
  clock.advance(1);
  assert.ok(a.link('b').unackedBytes >= 100_000);
  assert.ok(a.memory.bytes >= MEGABYTE.length, `${a.memory.bytes} bytes are charged`);
  hub.cut('a', 'b', false);
  clock.advance(1_500);
  assert.equal(a.link('b').queuedBytes + a.link('b').unackedBytes, 0);
  assert.equal(a.memory.bytes, 0);
});

test('frames that wait for the engine are charged', async () => {
  const { clock, hub, a } = await startLab();
  hub.connect('a', false);
  for (let count = 0; count < 10; count++) a.link('b').send(1, 'x'.repeat(1_000));
  clock.advance(1);
  assert.ok(a.memory.bytes >= 10_000);
  hub.connect('a', true);
  clock.advance(1_000);
  assert.equal(a.memory.bytes, 0);
});

test('the received part of a long frame is charged, until the frame is complete or its member is given up', async () => {
  const { clock, hub, a, b } = await startLab({ linkWindowBytes: 200_000 });
  // No acknowledgement arrives, so a sends no more than its window.
  hub.way('b', 'a').cut = true;
  a.link('b').send(1, MEGABYTE);
  clock.advance(50);
  assert.deepEqual(b.frames, []);
  assert.ok(b.memory.bytes >= 200_000, `${b.memory.bytes} bytes are charged`);
  hub.way('b', 'a').cut = false;
  clock.advance(1_500);
  assert.equal(b.frames.length, 1);
  assert.equal(b.memory.bytes, 0);
  hub.way('b', 'a').cut = true;
  a.link('b').send(1, MEGABYTE);
  clock.advance(50);
  assert.ok(b.memory.bytes >= 200_000);
  hub.cut('a', 'b');
  clock.advance(3_000);
  assert.equal(b.live, 'c');
  assert.equal(b.memory.bytes, 0);
});

test('when memory runs out, the member that most is kept for is given up, and joins again', async () => {
  const clock = new FakeClock();
  const hub = new MemoryHub(clock);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new WatchedMember(hub, name, { memoryBytes: 800_000 })) as [WatchedMember, WatchedMember, WatchedMember];
  for (const { membership } of [a, b, c]) await membership.open();
  clock.advance(300);
  hub.cut('a', 'b');
  a.link('c').send(1, 'short');
  a.link('b').send(1, MEGABYTE);
  clock.advance(10);
  assert.deepEqual(a.events.slice(2), ['left b memory-budget']);
  assert.deepEqual(
    a.unsent.map(({ frame }) => frame.length),
    [MEGABYTE.length],
  );
  hub.cut('a', 'b', false);
  clock.advance(500);
  assert.deepEqual(a.events.slice(3), ['joined b']);
  assert.equal(a.memory.bytes, 0);
  // One account for each member.
  assert.equal(a.memory.largest(10).length, 2);
});
