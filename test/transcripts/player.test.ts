import { rejects } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { play } from '../support/transcript.ts';
import { parseTranscripts, type Transcript } from '../support/transcript-reader.ts';
import { whole } from '../support/transcript-splits.ts';

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
  test('where text expected in one read comes in two', () => {
    const twice = `alice>50 ${MESSAGE.slice('alice> '.length).trim().repeat(2)}\n`;
    const received = DELIVERED.slice('alice< '.length).trim();
    return rejects(playText(`${twice}alice<1 ${received}${received}\n`), /more than one read/);
  });
});
