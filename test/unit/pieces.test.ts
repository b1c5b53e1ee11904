import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cut, LONG, Pieces } from '../../shared/pieces.ts';
import { OPENING, Reading } from '../support/reading.ts';

test('a cut text is the same text, in pieces that are not long and hold whole characters', () => {
  for (const text of [
    '',
    'x',
    'x'.repeat(LONG),
    'x'.repeat(LONG + 1),
    `${'x'.repeat(LONG - 1)}\u{1f431}`,
    '\u{1f431}'.repeat(LONG),
    `x${'\u{1f431}'.repeat(LONG)}`,
  ]) {
    const pieces = cut(text);
    assert.ok(pieces.join('') === text);
    assert.ok(pieces.every((piece) => piece.length <= LONG && Buffer.from(piece).toString() === piece));
  }
});

test('small pieces are joined, and large ones are kept as they are', () => {
  const pieces = new Pieces();
  for (let index = 0; index < 100_000; index++) pieces.add('x');
  pieces.add('y'.repeat(70_000));
  pieces.add('z');
  const all = pieces.all();
  assert.ok(all.join('') === `${'x'.repeat(100_000)}${'y'.repeat(70_000)}z`);
  assert.equal(pieces.length, 170_001);
  assert.ok(all.length < 10, `${all.length} pieces`);
});

test('a long stanza is written as it came, in pieces that are not long', () => {
  const xml = `<message to='a@localhost/b' from='c@localhost/d'><opensrf router_from='' router_to='' osrf_xid=''/><thread>t</thread><body>${'12345'.repeat(50_000)}</body></message>`;
  for (const chunks of [[xml], xml.match(/.{1,60000}/gs) ?? []]) {
    const { stanzas } = Reading.of([OPENING, ...chunks]);
    const pieces = stanzas[0]?.toPieces() ?? [];
    assert.ok(stanzas[0]?.long === true && pieces.join('') === xml && stanzas[0].toXml() === xml);
    assert.ok(pieces.every((piece) => piece.length <= LONG));
    assert.equal(stanzas[0].length, xml.length - xml.indexOf('<opensrf'));
  }
});
