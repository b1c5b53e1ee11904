import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../../server/cluster/link/engine.ts';
import { Outgoing } from '../../server/cluster/link/outgoing.ts';
import { type Lab, LINK_LIMITS, startLab } from '../support/cluster-link.ts';

const LONG = 100_000;

/** The packets with frames from one member to another, from now on. */
function tapBatches({ hub }: Lab, from: string): string[] {
  const batches: string[] = [];
  const engine = hub.engineOf(from) as Engine;
  const publish = engine.publish.bind(engine);
  engine.publish = (subject, payload) => {
    const text = Buffer.from(payload).toString();
    if (subject.includes('.m.') && !text.endsWith('\n')) batches.push(text);
    publish(subject, payload);
  };
  return batches;
}

/** The packets without frames from a member to a. */
function tapEmpty({ hub }: Lab, from: string): string[] {
  const packets: string[] = [];
  const engine = hub.engineOf(from) as Engine;
  const publish = engine.publish.bind(engine);
  engine.publish = (subject, payload) => {
    const text = Buffer.from(payload).toString();
    if (subject.includes('.m.a.') && text.endsWith('\n')) packets.push(text);
    publish(subject, payload);
  };
  return packets;
}

test('all frames of a turn go in one batch', async () => {
  const lab = await startLab();
  const batches = tapBatches(lab, 'a');
  for (let number = 0; number < 50; number++) lab.a.link('b').send(number % 3, `frame ${number}`);
  lab.clock.advance(1);
  assert.equal(batches.length, 1);
  assert.deepEqual(
    lab.b.frames,
    Array.from({ length: 50 }, (_, number) => `a: frame ${number}`),
  );
});

test('a batch has at most linkBatchBytes of frames', async () => {
  const lab = await startLab({ linkBatchBytes: 1_000 });
  const batches = tapBatches(lab, 'a');
  for (let number = 0; number < 50; number++) lab.a.link('b').send(1, 'x'.repeat(100));
  lab.clock.advance(1);
  assert.ok(batches.length >= 5 && batches.length <= 8, String(batches.length));
  assert.ok(batches.every(({ length }) => length < 1_100));
  assert.equal(lab.b.frames.length, 50);
});

test('a long frame lets frames of other streams pass, and those of its own stream wait', async () => {
  const { clock, a, b } = await startLab();
  a.link('b').send(1, 'L'.repeat(LONG));
  a.link('b').send(1, 'behind');
  a.link('b').send(2, 'other');
  clock.advance(1);
  assert.deepEqual(
    b.frames.map((frame) => frame.slice(0, 10)),
    ['a: other', 'a: LLLLLLL', 'a: behind'],
  );
  assert.equal(b.frames[1]?.length, LONG + 3);
});

test('a frame before a long one of its stream arrives before it', async () => {
  const { clock, a, b } = await startLab({ linkWindowBytes: 1 });
  for (let number = 0; number < 5; number++) a.link('b').send(1, `${number}`.repeat(20_000));
  a.link('b').send(1, 'L'.repeat(LONG));
  a.link('b').send(1, 'M'.repeat(LONG));
  a.link('b').send(1, 'end');
  clock.advance(2_000);
  assert.deepEqual(
    b.frames.map((frame) => frame.slice(3, 6)),
    ['000', '111', '222', '333', '444', 'LLL', 'MMM', 'end'],
  );
});

test('long frames of different streams alternate, a few at a time', async () => {
  const lab = await startLab();
  const batches = tapBatches(lab, 'a');
  for (let stream = 1; stream <= 12; stream++) lab.a.link('b').send(stream, String.fromCharCode(64 + stream).repeat(LONG));
  lab.clock.advance(100);
  const order = batches.map((batch) => /\n[ce](\d+)\./.exec(batch)?.[1]).join(' ');
  assert.match(order, /^1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 /);
  assert.equal(lab.b.frames.length, 12);
});

test('a chunk never ends inside a surrogate pair', async () => {
  const { clock, a, b } = await startLab({ linkBatchBytes: 7 });
  const frame = '𝄞'.repeat(50);
  a.link('b').send(1, frame);
  a.link('b').send(2, `x${frame}`);
  clock.advance(100);
  assert.deepEqual(b.frames.sort(), [`a: ${frame}`, `a: x${frame}`].sort());
});

test('a long frame is not sent in one turn', () => {
  let published = 0;
  const outgoing = new Outgoing(LINK_LIMITS, {
    publishBatch(_number, frames) {
      published++;
      return Buffer.from(frames);
    },
    publishAgain() {},
  });
  outgoing.queue.add(1, 'L'.repeat(1_000_000));
  assert.equal(outgoing.publish(), true);
  assert.equal(published, 8);
  while (outgoing.publish());
  assert.equal(published, 31);
});

test('an empty frame arrives, although the window was closed', async () => {
  const { clock, a, b } = await startLab({ linkWindowBytes: 1 });
  a.link('b').send(1, 'full');
  a.link('b').send(1, 'long'.repeat(10_000));
  a.link('b').send(1, '');
  clock.advance(200);
  assert.deepEqual(b.frames.at(-1), 'a: ');
});

test('beyond the window, frames wait; beyond outboxBytes, the member is full', async () => {
  const { clock, hub, a, b } = await startLab({ linkWindowBytes: 10_000, outboxBytes: 5_000 });
  hub.freeze('b');
  const link = a.link('b');
  for (let number = 0; number < 30; number++) {
    link.send(1, `${number};`.padEnd(1_000, 'x'));
    clock.advance(1);
  }
  assert.ok(link.unackedBytes >= 10_000 && link.unackedBytes < 12_000);
  assert.ok(link.queuedBytes >= 18_000);
  assert.equal(link.full, true);
  hub.thaw('b');
  clock.advance(200);
  assert.equal(b.frames.length, 30);
  assert.deepEqual([link.unackedBytes, link.queuedBytes, link.full], [0, 0, false]);
});

test('an acknowledgement is sent alone after 20 ms, and with a batch before', async () => {
  const lab = await startLab();
  const { clock, a, b } = lab;
  clock.advance(5);
  const empty = tapEmpty(lab, 'b');
  a.link('b').send(1, 'question');
  clock.advance(15);
  assert.equal(a.link('b').unackedBytes > 0, true);
  b.link('a').send(1, 'answer');
  clock.advance(1);
  assert.equal(a.link('b').unackedBytes, 0);
  a.link('b').send(1, 'no answer');
  clock.advance(25);
  assert.equal(a.link('b').unackedBytes, 0);
  assert.equal(empty.length, 1);
});

test('after a loss, only the oldest batch is sent again until it is acknowledged', async () => {
  const { clock, hub, a, b } = await startLab();
  const link = a.link('b');
  const way = hub.way('a', 'b');
  way.cut = true;
  for (let number = 0; number < 10; number++) {
    link.send(1, `${number}`);
    clock.advance(1);
  }
  clock.advance(1_000);
  assert.equal(link.suspect, true);
  assert.ok(link.resent >= 2 && link.resent <= 3, String(link.resent));
  way.cut = false;
  clock.advance(600);
  assert.deepEqual(
    b.frames,
    Array.from({ length: 10 }, (_, number) => `a: ${number}`),
  );
  assert.ok(link.resent <= 16, String(link.resent));
  clock.advance(100);
  assert.equal(link.suspect, false);
  assert.equal(link.suspected, 1);
});

test('after a reconnect, what was lost is sent again at once', async () => {
  const { clock, hub, a, b } = await startLab();
  hub.way('a', 'b').cut = true;
  a.link('b').send(1, 'lost');
  clock.advance(10);
  hub.connect('a', false);
  clock.advance(10);
  hub.way('a', 'b').cut = false;
  hub.connect('a', true);
  clock.advance(5);
  assert.deepEqual(b.frames, ['a: lost']);
});

test('the round trip is measured', async () => {
  const { clock, hub, a } = await startLab();
  hub.way('a', 'b').delayMs = 30;
  hub.way('b', 'a').delayMs = 12;
  clock.advance(2_500);
  assert.equal(a.link('b').roundTripMs, 42);
});

test('frames that were queued or published are reported in order, each once', async () => {
  const { clock, hub, a } = await startLab({ linkWindowBytes: 50_000, linkBatchBytes: 10_000 });
  hub.cut('a', 'b');
  const link = a.link('b');
  link.send(1, 'first');
  link.send(1, 'L'.repeat(45_000));
  link.send(1, 'behind');
  link.send(2, 'M'.repeat(45_000));
  link.send(2, 'N'.repeat(45_000));
  clock.advance(10);
  link.send(3, 'later');
  clock.advance(3_000);
  const reported = a.unsent.map(({ frame, published }) => `${frame.slice(0, 6)} ${frame.length} ${published}`);
  assert.deepEqual(reported, ['first 5 true', 'LLLLLL 45000 true', 'behind 6 false', 'MMMMMM 45000 true', 'NNNNNN 45000 false', 'later 5 false']);
});

test('a frame to a member that has left goes nowhere', async () => {
  const { clock, hub, a, b } = await startLab();
  const link = a.link('b');
  hub.cut('a', 'b');
  clock.advance(3_000);
  link.send(1, 'too late');
  hub.cut('a', 'b', false);
  clock.advance(1_000);
  assert.deepEqual(b.frames, []);
});
