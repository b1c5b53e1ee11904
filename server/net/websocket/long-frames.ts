import type { RawData, WebSocket } from 'ws';

/** The shortest part of a frame. A multiple of four, the length of a mask. */
const PART_BYTES = 16_384;

/** The longest message that the library hands over as one buffer. */
const SHORT_BYTES = 65_536;

/** The state of the library's receiver that waits for the next frame. */
const GET_INFO = 0;

const BINARY = 2;
const FIRST_CONTROL = 8;

/** The characters at the beginning of a text that tell an element from a DOCTYPE. */
const BEGINNING = 2;

const NUMBERS = ['_state', '_opcode', '_fragmented', '_numFragments', '_bufferedBytes', '_payloadLength', '_totalPayloadLength', '_messageLength'] as const;

/** The part of the library's receiver that is used here. */
interface Receiver extends Record<(typeof NUMBERS)[number], number> {
  _loop: boolean;
  _fin: boolean;
  _mask: Buffer | undefined;
  _fragments: Buffer[];
  consume(bytes: number): Buffer;
  getData(done: Done): void;
  dataMessage(done: Done): void;
  emit(event: 'message', parts: Buffer[], isBinary: boolean): void;
}

const METHODS = ['consume', 'getData', 'dataMessage'] as const;

type Done = (error?: Error) => void;

/**
 * Makes the library unmask a long frame as its bytes arrive, and emit a long message as a list of buffers. By itself it would join and unmask
 * all of it at its end: 30 ms for 10 MiB, in which no other connection is served. Without compression, and without its check of UTF-8, only.
 */
export function readLongFramesInParts(webSocket: WebSocket): void {
  const { _receiver: receiver } = webSocket as unknown as { readonly _receiver?: Receiver };
  // A version of the library with another receiver works too, in longer turns.
  if (receiver === undefined || !METHODS.every((name) => typeof receiver[name] === 'function') || !NUMBERS.every((name) => receiver[name] === 0)) return;
  receiver.getData = getData;
  receiver.dataMessage = dataMessage;
}

/** Like a frame that has ended, in all but its length. */
function getData(this: Receiver, done: Done): void {
  const { _bufferedBytes: bytes, _payloadLength: left, _mask: mask } = this;
  if (bytes >= left || bytes < PART_BYTES || this._opcode >= FIRST_CONTROL || mask === undefined) {
    prototypeOf(this).getData.call(this, done);
    return;
  }
  const part = this.consume(bytes - (bytes % mask.length));
  // Copied: it is a view of the first chunk, which would be kept.
  this._mask = Buffer.from(mask);
  unmask(part, mask);
  this._payloadLength = left - part.length;
  this._fragments.push(part);
  this._loop = false;
}

function dataMessage(this: Receiver, done: Done): void {
  if (!this._fin || this._totalPayloadLength <= SHORT_BYTES) {
    prototypeOf(this).dataMessage.call(this, done);
    return;
  }
  const parts = this._fragments;
  while (parts.length > 1 && (parts[0] as Buffer).length < BEGINNING) parts.unshift(Buffer.concat(parts.splice(0, 2)));
  this._totalPayloadLength = 0;
  this._messageLength = 0;
  this._fragmented = 0;
  this._numFragments = 0;
  this._fragments = [];
  this.emit('message', parts, this._opcode === BINARY);
  this._state = GET_INFO;
}

function prototypeOf(receiver: Receiver): Receiver {
  return Object.getPrototypeOf(receiver);
}

function unmask(bytes: Buffer, mask: Buffer): void {
  const [a = 0, b = 0, c = 0, d = 0] = mask;
  for (let at = 0; at < bytes.length; at += 4) {
    bytes[at] = (bytes[at] as number) ^ a;
    bytes[at + 1] = (bytes[at + 1] as number) ^ b;
    bytes[at + 2] = (bytes[at + 2] as number) ^ c;
    bytes[at + 3] = (bytes[at + 3] as number) ^ d;
  }
}

/** The parts of a message. */
export function partsOf(message: RawData): readonly Buffer[] {
  return Array.isArray(message) ? message : [message as Buffer];
}

/** The length of all parts. */
export function bytesOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
