import { rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { play } from './support/transcript.ts';
import { parseTranscripts, readTranscripts, type Transcript } from './support/transcript-reader.ts';
import { cutInTwo, cutRuns, inPieces, whole } from './support/transcript-splits.ts';

/** With each shift of pieces of this size, every byte is the first of a piece once. */
const PIECE_BYTES = 32;

/** How many of the cut positions are tried over TCP, where two writes may be read as one and each run takes longer. */
const TCP_CUTS = 8;

// This file runs from dist/test/, the transcripts stay with the sources.
const TRANSCRIPTS = new URL('../../test/transcripts/', import.meta.url);

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

for (const transcript of readTranscripts(TRANSCRIPTS)) {
  const cuts = upTo(cutRuns(transcript));
  const someCuts = cuts.filter((cut) => cut % Math.ceil(cuts.length / TCP_CUTS) === 0);
  const { transports } = transcript;
  describe(transcript.rule, () => {
    for (const transport of ['tls', 'websocket'] as const) {
      if (transports.includes(transport)) test(`over ${transport}, in whole payloads`, () => play(transcript, transport, [whole]));
    }
    if (transports.includes('tcp')) test('over TCP, in whole payloads', () => play(transcript, 'tcp', [whole]));
    if (!transports.includes('memory')) return;
    test('in memory, in whole payloads', () => play(transcript, 'memory', [whole]));
    test('in memory, each payload cut in two', () => play(transcript, 'memory', cuts.map(cutInTwo)));
    test('in memory, in pieces that begin at every byte', () => {
      const shifts = upTo(PIECE_BYTES).map((shift) => inPieces(PIECE_BYTES, shift));
      return play(transcript, 'memory', shifts);
    });
    test('in memory, byte by byte', () => play(transcript, 'memory', [inPieces(1)]));
    test('over TCP, each payload cut in two', () => play(transcript, 'tcp', someCuts.map(cutInTwo)));
  });
}

describe('a transcript fails', () => {
  const LOGIN = '== x\nalice login opensrf@private.localhost/alice\n';
  const MESSAGE = "alice> <message to='opensrf@private.localhost/alice' id='1'/>\n";
  const DELIVERED = "alice< <message to='opensrf@private.localhost/alice' from='*' id='1'/>\n";
  const playText = (text: string) => play(parseTranscripts('inline', LOGIN + text)[0] as Transcript, 'memory', [whole]);

  test('where something else comes', () => rejects(playText(MESSAGE + DELIVERED.replace("id='1'", "id='2'")), /inline:4: alice: expected/));
  test('where something comes after its end', () => rejects(playText(MESSAGE), /at the end: came and is not in the transcript: <message/));
  test('where something comes before the server closes', () =>
    rejects(playText(`${MESSAGE}alice sync\nalice> </stream:stream>\nalice closed`), /inline:4: alice: expected/));
  test('where the server closes instead', () => rejects(playText(`alice> </stream:stream>\nalice< </stream:stream>\n${DELIVERED}`), /the server closed/));
  test('where a generated value would have to hold markup', () =>
    rejects(playText(`${MESSAGE}${MESSAGE}alice< <message *<message/>`), /inline:5: alice: expected/));
  test('where what must come in one read comes in two', () => {
    const twice = `alice>50 ${MESSAGE.slice('alice> '.length).trim().repeat(2)}\n`;
    const received = DELIVERED.slice('alice< '.length).trim();
    return rejects(playText(`${twice}alice<1 ${received}${received}\n`), /more than one read/);
  });
});
