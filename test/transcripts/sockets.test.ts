import { describe, test } from 'node:test';
import { play } from '../support/transcript.ts';
import { readTranscripts } from '../support/transcript-reader.ts';
import { cutInTwo, cutRuns, whole } from '../support/transcript-splits.ts';

/** At how many places payloads are cut over TCP, where two writes may be read as one and each run takes longer. */
const TCP_CUTS = 8;

for (const transcript of readTranscripts()) {
  const { transports } = transcript;
  const runs = cutRuns(transcript);
  const cuts = Array.from({ length: Math.min(runs, TCP_CUTS) }, (_, index) => Math.floor((index * runs) / TCP_CUTS));
  describe(transcript.rule, () => {
    for (const transport of ['tls', 'websocket'] as const) {
      if (transports.includes(transport)) test(`over ${transport}, in whole payloads`, () => play(transcript, transport, [whole]));
    }
    if (transports.includes('tcp')) test('over TCP, in whole payloads', () => play(transcript, 'tcp', [whole]));
    if (!transports.includes('memory')) return;
    test('over TCP, each payload cut in two', () => play(transcript, 'tcp', cuts.map(cutInTwo)));
  });
}
