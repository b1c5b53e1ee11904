import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamError } from '../../shared/errors.ts';
import { Utf8Decoder } from '../../shared/utf8.ts';

/** The lowest and the highest character of each length, and the ones beside the surrogates. */
const TEXT = 'a\u007f\u0080\u00e9\u07ff\u0800\u20ac\ud7ff\ue000\uffff\u{10000}\u{1f431}\u{10ffff}z';

const NOT_UTF8: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ['a lone continuation byte', [0x80]],
  ['a continuation byte behind ASCII', [0x61, 0xbf, 0x61]],
  ['five continuation bytes', [0x80, 0x80, 0x80, 0x80, 0x80]],
  ['one continuation byte too many', [0xc3, 0xa9, 0xa9]],
  ['an overlong slash of two bytes', [0xc0, 0xaf]],
  ['an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
  ['an overlong slash of four bytes', [0xf0, 0x80, 0x80, 0xaf]],
  ['an overlong NUL', [0xc0, 0x80]],
  ['the highest overlong form of two bytes', [0xc1, 0xbf]],
  ['the highest overlong form of three bytes', [0xe0, 0x9f, 0xbf]],
  ['the highest overlong form of four bytes', [0xf0, 0x8f, 0xbf, 0xbf]],
  ['a high surrogate', [0xed, 0xa0, 0x80]],
  ['a low surrogate', [0xed, 0xbf, 0xbf]],
  ['a pair of surrogates (CESU-8)', [0xed, 0xa0, 0xbd, 0xed, 0xb0, 0xb1]],
  ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a form of five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['a form of six bytes', [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80]],
  ['FE', [0xfe, 0x61, 0x61, 0x61]],
  ['FF', [0xff, 0x61, 0x61, 0x61]],
  ['two bytes cut short', [0xc3, 0x61]],
  ['three bytes cut short', [0xe2, 0x82, 0x61]],
  ['four bytes cut short', [0xf0, 0x9f, 0x90, 0x61]],
  ['a character that begins inside another', [0xe2, 0xc3, 0xa9]],
  ['UTF-16', [0xff, 0xfe, 0x3c, 0x00, 0x61, 0x00]],
];

function decode(chunks: readonly Buffer[]): string {
  const decoder = new Utf8Decoder();
  return chunks.map((chunk) => decoder.decode(chunk)).join('');
}

function refused(chunks: readonly Buffer[]): boolean {
  try {
    decode(chunks);
    return false;
  } catch (error) {
    return error instanceof StreamError && error.condition === 'unsupported-encoding';
  }
}

/** The bytes in three parts, at every pair of places. */
function* cuts(bytes: Buffer): Generator<Buffer[]> {
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      yield [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
    }
  }
}

test('text comes out the same however its bytes are cut', () => {
  const bytes = Buffer.from(TEXT);
  for (const chunks of cuts(bytes)) assert.equal(decode(chunks), TEXT, chunks.map((chunk) => chunk.toString('hex')).join(' '));
  assert.equal(decode(Array.from(bytes, (byte) => Buffer.of(byte))), TEXT);
});

test('a character is handed on with its last byte and not before', () => {
  const decoder = new Utf8Decoder();
  assert.deepEqual(
    Array.from(Buffer.from('\u{1f431}a'), (byte) => decoder.decode(Buffer.of(byte))),
    ['', '', '', '\u{1f431}', 'a'],
  );
});

test('the bytes of a cut character outlive the buffer they came in', () => {
  const decoder = new Utf8Decoder();
  const pooled = Buffer.from([0xe2, 0x82]);
  decoder.decode(pooled);
  pooled.fill(0);
  assert.equal(decoder.decode(Buffer.of(0xac)), '\u20ac');
});

test('invalid UTF-8 ends the stream however it is cut', () => {
  for (const [what, wrong] of NOT_UTF8) {
    // The next bytes complete every form: a decoder may wait for the rest of a character only.
    const bytes = Buffer.from([0x61, ...wrong, 0x61, 0x61, 0x61]);
    for (const chunks of cuts(bytes)) assert.ok(refused(chunks), `${what}: ${chunks.map((chunk) => chunk.toString('hex')).join(' ')}`);
  }
});

test('an incomplete character at the end is not an error yet', () => {
  for (const bytes of [[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x90]]) assert.equal(decode([Buffer.from(bytes)]), '');
});
