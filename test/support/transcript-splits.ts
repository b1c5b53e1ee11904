import type { PayloadPart, Transcript } from './transcript-reader.ts';

/** The writes of a payload. */
export type Split = (payload: Buffer) => Buffer[];

/** The approximate length of a proof; exact for a digest. */
const PROOF_LENGTH = { digest: 40, sha1: 120, sha256: 140 };
const RESUMPTION_LENGTH = 32;

/** Cut payloads up to this length at every byte, longer ones at every byte near their ends and at some in between. */
const CUT_EVERYWHERE_BYTES = 240;
const CUT_NEAR_ENDS_BYTES = 60;
const CUTS_BETWEEN = 20;

/** With all shifts of pieces of this size, every byte is once the first of a piece. */
export const PIECE_BYTES = 32;

export const whole: Split = (payload) => [payload];

/** Each payload in two writes: the `run`-th time at the `run`-th of its cut positions. */
export function cutInTwo(run: number): Split {
  return (payload) => {
    const positions = cutPositions(payload.length);
    const position = positions[run % positions.length];
    return position === undefined ? [payload] : [payload.subarray(0, position), payload.subarray(position)];
  };
}

/** Each payload in writes of this many bytes, the first one shorter by `shift`. */
export function inPieces(bytes: number, shift = 0): Split {
  return (payload) => {
    const starts = Array.from({ length: Math.ceil((payload.length + shift) / bytes) }, (_, index) => Math.max(0, index * bytes - shift));
    return starts.map((start, index) => payload.subarray(start, starts[index + 1]));
  };
}

/** The number of runs until each payload was cut at each of its positions. */
export function cutRuns(transcript: Transcript): number {
  return Math.max(0, ...payloadLengths(transcript).map((length) => cutPositions(length).length));
}

/** The length of the longest payload to cut, in bytes. */
export function longestPayload(transcript: Transcript): number {
  return Math.max(0, ...payloadLengths(transcript));
}

function payloadLengths({ steps }: Transcript): number[] {
  return steps.map((step) => (step.kind === 'send' && step.cut ? payloadLength(step.payload) : 0));
}

const positionsByLength = new Map<number, number[]>();

function cutPositions(length: number): number[] {
  let positions = positionsByLength.get(length);
  if (positions !== undefined) return positions;
  const step = Math.ceil(length / CUTS_BETWEEN);
  const chosen = (position: number) =>
    length <= CUT_EVERYWHERE_BYTES || position <= CUT_NEAR_ENDS_BYTES || position >= length - CUT_NEAR_ENDS_BYTES || position % step === 0;
  positions = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1).filter(chosen);
  positionsByLength.set(length, positions);
  return positions;
}

function payloadLength(payload: readonly PayloadPart[]): number {
  return payload.reduce((sum, part) => sum + lengthOf(part), 0);
}

function lengthOf(part: PayloadPart): number {
  if (Buffer.isBuffer(part)) return part.length;
  return 'resumptionOf' in part ? RESUMPTION_LENGTH : PROOF_LENGTH[part.proof];
}
