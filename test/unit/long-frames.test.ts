import assert from 'node:assert/strict';
import type { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import * as ws from 'ws';
import { bytesOf, readLongFramesInParts } from '../../server/net/websocket/long-frames.ts';

/** The library's types lack it. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => EventEmitter & { write(chunk: Buffer): void; destroy(): void } };

const MAX_PAYLOAD = 1_000_000;

/** A frame of a client (RFC 6455 §5.2). */
interface Frame {
  readonly fin: boolean;
  readonly reserved: boolean;
  readonly opcode: number;
  readonly mask: Uint8Array | null;
  readonly payload: Uint8Array;
}

function bytesOfFrame({ fin, reserved, opcode, mask, payload }: Frame): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = (fin ? 0x80 : 0) | (reserved ? 0x40 : 0) | opcode;
  head[1] = (mask === null ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  if (mask === null) return Buffer.concat([head, payload]);
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index & 3] as number))]);
}

const text = (payload: string, fin = true, opcode = 1): Frame => ({
  fin,
  reserved: false,
  opcode,
  mask: Uint8Array.of(1, 2, 3, 4),
  payload: Buffer.from(payload),
});

interface Event {
  readonly name: string;
  readonly bytes: string;
  readonly detail: unknown;
}

/** Gives bytes in chunks to a receiver of the library. @returns its events, and the numbers of parts of its messages. */
async function received(bytes: Buffer, chunks: readonly number[], inParts: boolean): Promise<{ events: Event[]; parts: number[] }> {
  const receiver = new Receiver({ isServer: true, skipUTF8Validation: true, maxPayload: MAX_PAYLOAD, maxFragments: 1_000 });
  const events: Event[] = [];
  const parts: number[] = [];
  if (inParts) readLongFramesInParts({ _receiver: receiver } as unknown as ws.WebSocket);
  receiver.on('message', (message: Buffer | Buffer[], isBinary: boolean) => {
    const list = Array.isArray(message) ? message : [message];
    parts.push(list.length);
    events.push({ name: 'message', bytes: Buffer.concat(list).toString('base64'), detail: isBinary });
  });
  for (const name of ['ping', 'pong']) receiver.on(name, (data: Buffer) => events.push({ name, bytes: data.toString('base64'), detail: null }));
  receiver.on('conclude', (code: number, data: Buffer) => events.push({ name: 'conclude', bytes: data.toString('base64'), detail: code }));
  receiver.on('error', (error: Error & { code: string }) => events.push({ name: 'error', bytes: '', detail: `${error.code} ${error.message}` }));
  let start = 0;
  for (let index = 0; start < bytes.length; index++) {
    const end = start + (chunks[index % chunks.length] as number);
    // A copy: the receiver changes it.
    receiver.write(Buffer.from(bytes.subarray(start, end)));
    start = end;
  }
  await turn();
  receiver.destroy();
  return { events, parts };
}

const lengths = fc.oneof(
  fc.integer({ min: 0, max: 130 }),
  fc.constantFrom(16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 200_001, MAX_PAYLOAD, MAX_PAYLOAD + 1),
);
const frames = fc.array(
  fc.record({
    fin: fc.boolean(),
    reserved: fc.integer({ min: 0, max: 30 }).map((number) => number === 0),
    opcode: fc.constantFrom(0, 0, 0, 1, 1, 2, 8, 9, 9, 10, 3),
    mask: fc.oneof({ weight: 20, arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }) }, { weight: 1, arbitrary: fc.constant(null) }),
    payload: fc.tuple(lengths, fc.integer({ min: 0, max: 255 })).map(([length, first]) => Uint8Array.from({ length }, (_, index) => (first + index * 7) & 255)),
  }),
  { minLength: 1, maxLength: 6 },
);

/** The same frames as a legal sequence of messages: an opcode, then zeros to the end of a message; control frames are short and whole. */
function legal(list: readonly Frame[]): Frame[] {
  let within = false;
  return list.map((frame) => {
    const common = { ...frame, reserved: false, mask: frame.mask ?? Uint8Array.of(1, 2, 3, 4) };
    if (frame.opcode > 7) return { ...common, fin: true, opcode: 9, payload: frame.payload.subarray(0, 125) };
    const opcode = within ? 0 : 1 + (frame.opcode & 1);
    within = !frame.fin;
    return { ...common, opcode };
  });
}

test('frames in any chunks have the effects that the library gives them, in parts or not', async () => {
  const chunks = fc.array(fc.constantFrom(1, 2, 3, 5, 1_000, 16_385, 65_536, 70_001), { minLength: 1, maxLength: 5 }).filter((list) => Math.max(...list) > 999);
  await fc.assert(
    fc.asyncProperty(frames, fc.boolean(), chunks, async (list, isLegal, sizes) => {
      const bytes = Buffer.concat((isLegal ? legal(list) : list).map(bytesOfFrame));
      const [inParts, whole] = await Promise.all([received(bytes, sizes, true), received(bytes, sizes, false)]);
      assert.deepEqual(inParts.events, whole.events);
    }),
    { numRuns: 100 },
  );
});

test('a long frame arrives as unmasked parts, a short one as one buffer', async () => {
  const [long, short] = ['é'.repeat(150_000), 'é'.repeat(30_000)];
  const { events, parts } = await received(Buffer.concat([text(long), text(short)].map(bytesOfFrame)), [65_536], true);
  assert.deepEqual(
    events.map(({ bytes }) => Buffer.from(bytes, 'base64').toString()),
    [long, short],
  );
  assert.ok((parts[0] as number) >= 4, `${parts[0]} parts`);
  assert.equal(parts[1], 1);
});

test('a ping between the fragments of a long message is answered before its end', async () => {
  const ping: Frame = { fin: true, reserved: false, opcode: 9, mask: Uint8Array.of(9, 9, 9, 9), payload: Buffer.from('here') };
  const fragments = [text('a'.repeat(100_000), false), ping, text('b'.repeat(100_000), true, 0)];
  const { events } = await received(Buffer.concat(fragments.map(bytesOfFrame)), [65_536], true);
  assert.deepEqual(
    events.map(({ name, bytes }) => [name, bytesOf([Buffer.from(bytes, 'base64')])]),
    [
      ['ping', 4],
      ['message', 200_000],
    ],
  );
});

test('the first part of a message of tiny fragments shows whether it begins with an element', async () => {
  const fragments = [text('<', false), text('!', false, 0), text('x'.repeat(100_000), true, 0)];
  const { events, parts } = await received(Buffer.concat(fragments.map(bytesOfFrame)), [1_000], true);
  assert.equal(bytesOf(events.map(({ bytes }) => Buffer.from(bytes, 'base64'))), 100_002);
  assert.ok((parts[0] as number) > 1);
});
