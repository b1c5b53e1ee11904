import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Element } from '../../shared/element.ts';
import { StreamReader } from '../../shared/reader/stream-reader.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';
import { Reading, WIDE_LIMITS } from './reading.ts';

const FILE = fileURLToPath(new URL('../../../test/fixtures/s2s/dialback-prosody-ejabberd-jabberd2.txt', import.meta.url));
const LINE = /^[\d.]+ (\S+) > (\S+) (.*)$/;

/** One direction of a recorded stream. */
export interface RecordedSide {
  readonly text: string;
  readonly header: StreamHeader;
  readonly elements: readonly Element[];
}

/** A stream between two servers. */
export interface RecordedStream {
  /** The port of the server that opened it. */
  readonly name: string;
  readonly opener: RecordedSide;
  readonly acceptor: RecordedSide;
}

/** The streams between Prosody 0.12, ejabberd 23.01 and jabberd2 2.7, in the order in which they were opened. */
export function recordedStreams(): RecordedStream[] {
  const sides = new Map<string, { opener: string; acceptor: string }>();
  for (const line of readFileSync(FILE, 'utf8').trim().split('\n')) {
    const [, from = '', to = '', text = ''] = LINE.exec(line) ?? [];
    const opens = to.endsWith(':5269');
    const name = opens ? `${from} > ${to}` : `${to} > ${from}`;
    const side = sides.get(name) ?? { opener: '', acceptor: '' };
    sides.set(name, side);
    side[opens ? 'opener' : 'acceptor'] += text;
  }
  return [...sides].map(([name, { opener, acceptor }]) => ({ name, opener: read(opener), acceptor: read(acceptor) }));
}

function read(text: string): RecordedSide {
  const reading = new Reading('elements');
  new StreamReader(reading, WIDE_LIMITS).write(text);
  return { text, header: reading.headers[0] as StreamHeader, elements: reading.elements };
}
