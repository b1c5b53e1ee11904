import { FrameError } from './members.ts';

/** The version of the packets that this server writes, and the oldest that it reads. */
export const PROTOCOL = 1;
export const LEAST_PROTOCOL = 1;

/** The longest header of a packet and of one frame in it, in bytes. */
export const HEADER_BYTES = 256;
export const FRAME_HEADER_BYTES = 32;

/** The start of a packet. Numbers count from 1; 0 means none. */
export interface Header {
  readonly incarnation: string;
  /** The epoch of the sender. */
  readonly mine: number;
  /** The epoch of the receiver, as far as the sender knows. */
  readonly yours: number;
  /** The number of its batch; 0: it has no frames. */
  readonly number: number;
  /** All batches of the receiver up to this one have arrived. */
  readonly acknowledged: number;
  /** The sender wants a packet with this number as {@link answer}. */
  readonly ask: number;
  readonly answer: number;
  readonly kind: PacketKind;
}

/** `resend`: the sender may have missed batches; `bye`: it leaves. */
export type PacketKind = 'plain' | 'resend' | 'bye';

const KINDS: readonly PacketKind[] = ['plain', 'resend', 'bye'];
/** A version is read loosely, so that a packet of a newer server is recognized as such. */
const HEADER = /^1 ([A-Za-z0-9]{1,32}) (\d{1,15}) (\d{1,15}) (\d{1,15}) (\d{1,15}) (\d{1,15}) (\d{1,15}) ([012])\n/;

/** The constant start of all packets between two epochs. */
export function packetStart(incarnation: string, mine: number, yours: number): string {
  return `${PROTOCOL} ${incarnation} ${mine} ${yours} `;
}

/** The rest of a header. */
export function headerEnd(number: number, acknowledged: number, ask: number, answer: number, kind: PacketKind): string {
  return `${number} ${acknowledged} ${ask} ${answer} ${KINDS.indexOf(kind)}\n`;
}

/** Reads the header of a packet; null if it has none of this version. */
export function readHeader(text: string): Header | null {
  const found = HEADER.exec(text);
  if (found === null) return null;
  const [, incarnation, mine, yours, number, acknowledged, ask, answer, kind] = found as unknown as string[];
  return {
    incarnation: incarnation as string,
    mine: Number(mine),
    yours: Number(yours),
    number: Number(number),
    acknowledged: Number(acknowledged),
    ask: Number(ask),
    answer: Number(answer),
    kind: KINDS[Number(kind)] as PacketKind,
  };
}

/** Receives the frames of a batch, in order. */
export interface FrameSink {
  frame(text: string): void;
  /** @param last Whether the frame of this stream is complete. */
  chunk(stream: number, text: string, last: boolean): void;
  /** Whether it takes no more frames. */
  readonly closed: boolean;
}

/** A frame of a batch starts with its length and a colon; a chunk, with `c` or, the last one of its frame, `e`, its stream, and a period before that. */
export function frameStart(length: number): string {
  return `${length}:`;
}

/** The start of a chunk. */
export function chunkStart(stream: number, length: number, last: boolean): string {
  return `${last ? 'e' : 'c'}${stream}.${length}:`;
}

const COLON = 58;
const CHUNK_START = /([ce])(\d{1,15})\.(?=\d)/y;
/** More digits than any length or number within bounds has. */
const MOST_DIGITS = 9;

/** Reads the frames behind the header of a packet. @throws FrameError if they break the format. */
export function readFrames(packet: string, sink: FrameSink): void {
  let at = packet.indexOf('\n') + 1;
  while (at < packet.length && !sink.closed) at = isDigit(packet.charCodeAt(at)) ? readFrame(packet, at, sink) : readChunk(packet, at, sink);
}

function readFrame(packet: string, at: number, sink: FrameSink): number {
  const start = packet.indexOf(':', at) + 1;
  const end = endOf(packet, at, start);
  sink.frame(packet.slice(start, end));
  return end;
}

function readChunk(packet: string, at: number, sink: FrameSink): number {
  CHUNK_START.lastIndex = at;
  const found = CHUNK_START.exec(packet);
  if (found === null) throw new FrameError('a frame has no length');
  const digits = CHUNK_START.lastIndex;
  const start = packet.indexOf(':', digits) + 1;
  const end = endOf(packet, digits, start);
  sink.chunk(Number(found[2]), packet.slice(start, end), found[1] === 'e');
  return end;
}

/** The end of a frame whose length stands before its start. */
function endOf(packet: string, digits: number, start: number): number {
  let length = 0;
  if (start === 0 || start - digits > MOST_DIGITS + 1 || start - digits < 2) throw new FrameError('a frame has no length');
  for (let at = digits; packet.charCodeAt(at) !== COLON; at++) {
    const code = packet.charCodeAt(at);
    if (!isDigit(code)) throw new FrameError('the length of a frame is not a number');
    length = length * 10 + code - 48;
  }
  if (start + length > packet.length) throw new FrameError('a frame is cut off');
  return start + length;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
