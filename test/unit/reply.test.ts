import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutResult } from '../../shared/osrf/chunks.ts';
import { type OsrfMessage, parseOsrfMessages, statusCodeOf } from '../../shared/osrf/message.ts';
import { Reply } from '../../shared/osrf/reply.ts';
import { bodyOf, DEFAULT_ENVELOPE } from '../../shared/osrf/write.ts';

/** A reply as its client reads it, stanza by stanza, and the status codes. */
function stanzasOf(give: (reply: Reply) => void): { codes: number[][]; stanzas: OsrfMessage[][] } {
  const stanzas: OsrfMessage[][] = [];
  give(new Reply('7', (messages) => stanzas.push(parseOsrfMessages(bodyOf(messages, DEFAULT_ENVELOPE)) ?? [])));
  for (const message of stanzas.flat()) assert.equal(message.threadTrace, '7');
  return { stanzas, codes: stanzas.map((messages) => messages.map(statusCodeOf)) };
}

const json = (length: number, character = 'x') => `"${character.repeat(length - 2)}"`;

test('a result is cut where its JSON, as XML, is longer than 51,200', () => {
  const rows: readonly (readonly [json: string, pieces: number[]])[] = [
    // Two quotes count 11 more each.
    [json(51_178), [51_178]],
    [json(51_179), [51_178, 1]],
    [json(10_240, '&'), [10_237, 3]],
    [json(12_800, '<'), [12_796, 4]],
    [json(12_800, '>'), [12_796, 4]],
    // Recorded from OpenSRF's C and Perl libraries: the last piece of an echo of 20,000 quotes has 622 characters.
    [`"${'\\"'.repeat(20_000)}"`, [7_876, 7_876, 7_876, 7_876, 7_876, 622]],
    ['null', [4]],
  ];
  for (const [text, lengths] of rows) {
    const pieces = cutResult(text);
    assert.deepEqual(
      pieces.map(({ length }) => length),
      lengths,
      text.slice(0, 10),
    );
    assert.equal(pieces.join(''), text);
  }
});

test('small results are sent together with the final status', () => {
  const { codes, stanzas } = stanzasOf((reply) => {
    reply.result(1);
    reply.result({ a: 2 });
    reply.complete();
  });
  assert.deepEqual(codes, [[200, 200, 205]]);
  assert.deepEqual(
    stanzas.flat().map(({ type, payloadClass }) => [type, payloadClass]),
    [
      ['RESULT', 'osrfResult'],
      ['RESULT', 'osrfResult'],
      ['STATUS', 'osrfConnectStatus'],
    ],
  );
});

test('results are sent at 25,600 characters, or at 255 results', () => {
  const ofLength = (length: number) =>
    stanzasOf((reply) => {
      reply.result('x'.repeat(length - 2));
      reply.complete();
    }).codes;
  assert.deepEqual(ofLength(25_599), [[200, 205]]);
  assert.deepEqual(ofLength(25_600), [[200], [205]]);
  const many = stanzasOf((reply) => {
    for (let index = 0; index < 300; index++) reply.result(index);
    reply.complete();
  });
  assert.deepEqual(
    many.codes.map(({ length }) => length),
    [255, 46],
  );
});

test('a large result is sent in pieces, each in its own stanza, after earlier results', () => {
  const { codes, stanzas } = stanzasOf((reply) => {
    reply.result(1);
    reply.result('x'.repeat(120_000));
    reply.result(2);
    reply.complete();
  });
  assert.deepEqual(codes, [[200], [206], [206], [206], [204], [200, 205]]);
  const parts = stanzas.slice(1, 5).map(([message]) => message as OsrfMessage);
  assert.deepEqual(
    parts.map(({ payloadClass, payload }) => [payloadClass, payload['status']]),
    [...Array.from({ length: 3 }, () => ['osrfResultPartial', 'Partial Response']), ['osrfResultPartialComplete', 'Partial Response Finalized']],
  );
  const content = parts.slice(0, 3).map(({ payload }) => payload['content'] as string);
  assert.equal(JSON.parse(content.join('')), 'x'.repeat(120_000));
  assert.equal(parts[3]?.payload['content'], null);
});

test('a failure ends the reply after the earlier results', () => {
  const { codes, stanzas } = stanzasOf((reply) => {
    reply.result(1);
    reply.fail(500, 'no');
  });
  assert.deepEqual(codes, [[200, 500]]);
  assert.deepEqual([stanzas[0]?.[1]?.payloadClass, stanzas[0]?.[1]?.payload], ['osrfMethodException', { status: 'no', statusCode: '500' }]);
});
