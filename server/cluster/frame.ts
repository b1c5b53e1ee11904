import { FrameError } from './link/members.ts';

/** The kinds of frames, by the letter with which each begins. A member ignores a kind that it does not know. */
export const FRAME_KINDS = {
  /** A session has bound its address. */
  bound: 'B',
  /** A session has ended; with a second number that is not 0, because its member is about to leave. */
  ended: 'E',
  /** All requests that were not written to an ended session have been returned. */
  allReturned: 'A',
  /** The whole snapshot has been sent. */
  complete: 'C',
  /** A stanza for a session of the receiver. */
  stanza: 'S',
  /** A request that was not written, or a bounce of one, for the receiver's router. */
  returned: 'R',
  /** A stanza that a peer server has sent to the sender, for the peer's session at the receiver. */
  foreign: 'F',
  /** Asks whether the receiver has a session with an address. */
  ask: 'Q',
  /** Answers that. */
  answer: 'Y',
  /** The receiver is to end one of its sessions. */
  kick: 'K',
  /** A session has become available, with its presence. */
  presence: 'P',
  /** A session has become unavailable. */
  unavailable: 'N',
  /** A listener has registered. */
  registered: 'J',
  /** A listener has left a class. */
  left: 'L',
  /** A class or a listener drains, or no longer does. */
  drain: 'D',
  /** A listener of the sender has become a suspect, or is none any more. */
  suspected: 'W',
  /** The counts of the listeners that the sender's routers have handed requests to. */
  counts: 'U',
  /** The listeners whose peers do not read. */
  stalls: 'V',
} as const;

export type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

/** A frame has at most this many numbers and texts. */
const MOST_PARTS = 40;

/** A number near it can still be counted on and written again. */
const MOST_NUMBER = 2 ** 52;

const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const SEMICOLON = 59;

/**
 * Writes a frame: its letter, the number of its numbers, the numbers, the lengths of its texts, `;`, and the texts.
 * @param numbers Integers.
 */
export function writeFrame(kind: FrameKind, numbers: readonly number[], ...texts: readonly string[]): string {
  let head = `${kind}${numbers.length}`;
  for (const number of numbers) head += `,${number}`;
  let content = '';
  for (const text of texts) {
    head += `,${text.length}`;
    content += text;
  }
  return `${head};${content}`;
}

/** The parts of a frame. */
export interface Frame {
  readonly kind: string;
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
}

/** Reads a frame of {@link writeFrame}. @throws FrameError */
export function readFrame(text: string): Frame {
  const values: number[] = [];
  let position = 0;
  do position = readNumber(text, position + 1, values);
  while (text.charCodeAt(position) === COMMA);
  if (text.charCodeAt(position) !== SEMICOLON) throw new FrameError('a frame without a head');
  const count = values[0] as number;
  if (count < 0 || count >= values.length) throw new FrameError('a frame with a wrong number of numbers');
  position++;
  const texts: string[] = [];
  for (let index = count + 1; index < values.length; index++) {
    const end = position + (values[index] as number);
    if (end < position || end > text.length) throw new FrameError('a frame that is too short');
    texts.push(text.slice(position, end));
    position = end;
  }
  if (position !== text.length) throw new FrameError('a frame that is too long');
  return { kind: text[0] as string, numbers: values.slice(1, count + 1), texts };
}

/** The number at a position. @throws FrameError if there is none. */
export function numberAt({ kind, numbers }: Frame, position: number): number {
  const number = numbers[position];
  if (number === undefined) throw new FrameError(`a frame of kind ${kind} without number ${position}`);
  return number;
}

/** The text at a position. @throws FrameError if there is none. */
export function textAt({ kind, texts }: Frame, position: number): string {
  const text = texts[position];
  if (text === undefined) throw new FrameError(`a frame of kind ${kind} without text ${position}`);
  return text;
}

/** Reads a decimal integer. @returns the position behind it. */
function readNumber(text: string, start: number, values: number[]): number {
  if (values.length === MOST_PARTS) throw new FrameError(`a frame with more than ${MOST_PARTS} parts`);
  const isNegative = text.charCodeAt(start) === MINUS;
  const digits = isNegative ? start + 1 : start;
  let at = digits;
  let value = 0;
  for (let digit = text.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = text.charCodeAt(at) - ZERO) {
    value = 10 * value + digit;
    at++;
  }
  if (at === digits || value > MOST_NUMBER) throw new FrameError('a frame with a number that is none');
  values.push(isNegative ? -value : value);
  return at;
}
