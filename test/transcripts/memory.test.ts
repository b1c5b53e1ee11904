import { describe, test } from 'node:test';
import { cases, spread } from '../support/tier.ts';
import { play } from '../support/transcript.ts';
import { readTranscripts } from '../support/transcript-reader.ts';
import { cutInTwo, cutRuns, inPieces, longestPayload, PIECE_BYTES, whole } from '../support/transcript-splits.ts';

/** How many of the cuts the quick tier tries. */
const QUICK_CUTS = 2;
/** The transcripts that the quick tier still sends byte by byte. */
const QUICK_BYTES = 1_000;

for (const transcript of readTranscripts().filter(({ transports }) => transports.includes('memory'))) {
  const cuts = spread(cutRuns(transcript), QUICK_CUTS).map(cutInTwo);
  const pieces = spread(PIECE_BYTES, QUICK_CUTS).map((shift) => inPieces(PIECE_BYTES, shift));
  const longest = longestPayload(transcript);
  describe(transcript.rule, () => {
    test('in memory, in whole payloads', () => play(transcript, 'memory', [whole]));
    test('in memory, each payload cut in two', () => play(transcript, 'memory', cuts));
    test('in memory, in pieces that begin at every byte', () => play(transcript, 'memory', pieces));
    if (longest <= cases(longest, QUICK_BYTES)) test('in memory, byte by byte', () => play(transcript, 'memory', [inPieces(1)]));
  });
}
