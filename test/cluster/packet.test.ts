import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Incoming } from '../../server/cluster/link/incoming.ts';
import { FrameError } from '../../server/cluster/link/members.ts';
import { chunkStart, frameStart, headerEnd, packetStart, readHeader } from '../../server/cluster/link/packet.ts';
import { LINK_LIMITS } from '../support/cluster-link.ts';

const HEADER = packetStart('a1', 3, 4) + headerEnd(1, 6, 7, 8, 'resend');

/** The frames of a batch. */
function framesOf(...batches: string[]): string[] {
  const frames: string[] = [];
  const incoming = new Incoming({ ...LINK_LIMITS, hardStanzaBytes: 1_000 }, (frame) => frames.push(frame));
  for (const [index, batch] of batches.entries()) incoming.take(index + 1, HEADER + batch);
  return frames;
}

test('a header is read as it was written', () => {
  assert.deepEqual(readHeader(HEADER), { incarnation: 'a1', mine: 3, yours: 4, number: 1, acknowledged: 6, ask: 7, answer: 8, kind: 'resend' });
});

for (const header of [
  '',
  '1',
  '2 a1 3 4 1 6 7 8 0\n',
  '1 a1 3 4 1 6 7 8 3\n',
  '1 a1 3 4 1 6 7 8 0',
  '1 a1 3 4 -1 6 7 8 0\n',
  '1 a_1 3 4 1 6 7 8 0\n',
  ' 1 a1 3 4 1 6 7 8 0\n',
])
  test(`no header: ${JSON.stringify(header)}`, () => assert.equal(readHeader(header), null));

test('frames of any text are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (frames) => {
      assert.deepEqual(framesOf(frames.map((frame) => frameStart(frame.length) + frame).join('')), frames);
    }),
  );
});

test('chunks of several streams are joined', () => {
  assert.deepEqual(framesOf(`${chunkStart(1, 2, false)}ab${chunkStart(2, 1, false)}x1:f`, `${chunkStart(2, 1, true)}y${chunkStart(1, 0, true)}`), [
    'f',
    'xy',
    'ab',
  ]);
});

const BROKEN = {
  'a length beyond the end': '5:abcd',
  'no colon': '5',
  'no length': ':abc',
  'a sign': '-1:a',
  'a letter in a length': '1a:b',
  'a huge length': '99999999999999999999:a',
  'an unknown kind': 'x1.1:a',
  'a chunk without a stream': 'c.1:a',
  'a chunk without a length': 'c1.:a',
  'a chunk without a period': 'c11:a',
  'rest behind the last frame': '1:a\n',
};
for (const [name, batch] of Object.entries(BROKEN)) test(`broken frames: ${name}`, () => assert.throws(() => framesOf(batch), FrameError));

test('a frame that is too long in all breaks the link', () => {
  const chunk = `${chunkStart(1, 30_000, false)}${'x'.repeat(30_000)}`;
  assert.throws(() => framesOf(chunk, chunk, chunk), /a frame is longer than 66536/);
});

test('more long frames at once than any member sends break the link', () => {
  const begin = (stream: number): string => `${chunkStart(stream, 1, false)}x`;
  assert.deepEqual(framesOf([1, 2, 3, 4, 5, 6, 7, 8].map(begin).join('')), []);
  assert.throws(() => framesOf([1, 2, 3, 4, 5, 6, 7, 8, 9].map(begin).join('')), /more than 8 frames have begun/);
});

test('a batch is taken once, and only in its turn', () => {
  const frames: string[] = [];
  const incoming = new Incoming(LINK_LIMITS, (frame) => frames.push(frame));
  for (const number of [2, 1, 1, 3, 2, 2, 3]) incoming.take(number, `${HEADER}1:${number}`);
  assert.deepEqual(frames, ['1', '2', '3']);
});

test('garbage is read, or refused with a FrameError, and never crashes', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('c', 'e', '1', '9', ':', '.', '3:abc', 'c1.2:ab', 'e1.0:'));
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        framesOf(pieces.join(''));
      } catch (error) {
        assert.ok(error instanceof FrameError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
