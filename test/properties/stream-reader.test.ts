import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Element } from '../../shared/element.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import { escapeAttribute, escapeText } from '../../shared/xml.ts';
import { fieldsOf, OPENING, Reading, readStanza, treesOf } from '../support/reading.ts';
import { cases } from '../support/tier.ts';

const characters = fc.constantFrom('a', 'z', ' ', '\n', '\t', '<', '>', '&', "'", '"', ']', '=', '/', '\u00e9', '\u20ac', '\u{1f431}', '\u0085', '\ufeff');
const anyText = fc.string({ unit: characters, maxLength: 12 });
const space = fc.constantFrom(' ', '\n', '\t', '\r\n', '  ');
const name = fc.constantFrom('x', 'body', 'thread', 'opensrf', 'subject', 'message', 'a\ufeffb', 'p:q', 'stream:x');
const attributeName = fc.constantFrom('to', 'from', 'type', 'id', 'router_from', 'router_class', 'osrf_xid', 'xml:lang', 'p:to', 'other', 'a\u1680b');

const attribute = fc
  .record({ before: space, name: attributeName, around: fc.constantFrom('', ' ', '\n'), quote: fc.constantFrom("'", '"'), value: anyText })
  .map(({ before, name, around, quote, value }) => ({ name, xml: `${before}${name}${around}=${around}${quote}${escapeAttribute(value)}${quote}` }));

const attributes = fc.uniqueArray(attribute, { maxLength: 4, selector: (one) => one.name }).map((all) => all.map((one) => one.xml).join(''));

const content = fc.letrec<{ node: string; nodes: string }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'content' },
    anyText.map(escapeText),
    anyText.map((text) => `<![CDATA[${text.replaceAll(']]>', '')}]]>`),
    fc.constantFrom('&amp;', '&#65;', '&#x1f431;', '\r\n', '\r', ']]'),
    fc.record({ name, attributes, nodes: tie('nodes'), space: fc.constantFrom('', ' ', '\n') }).map(element),
  ),
  nodes: fc.array(tie('node'), { maxLength: 4, depthIdentifier: 'content' }).map((nodes) => nodes.join('')),
}));

function element({ name, attributes, nodes, space }: { name: string; attributes: string; nodes: string; space: string }): string {
  return nodes === '' ? `<${name}${attributes}${space}/>` : `<${name}${attributes}${space}>${nodes}</${name}${space}>`;
}

const stanza = fc
  .record({ name: fc.constantFrom('message', 'iq', 'presence', 'x'), attributes, nodes: content.nodes, space: fc.constantFrom('', ' ', '\n') })
  .map(element);

const gap = fc.constantFrom('', '', ' ', '\r\n', '\n\t \r');
const stream = fc
  .array(fc.tuple(gap, stanza), { maxLength: 4 })
  .map((items) => `${OPENING.replace('>', ` xmlns:p='urn:p&apos;'>`)}${items.flat().join('')}\n</stream:stream>`);

/** A text's bytes, cut at the given places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text);
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

test('a stream yields the same stanzas however its bytes are cut', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (text, places) => {
      const whole = Reading.of([text]);
      assert.equal(whole.error, null);
      assert.equal(whole.events.at(-1), 'footer');
      for (const chunks of [cut(text, places), Array.from(Buffer.from(text), (byte) => Buffer.of(byte))]) {
        const pieces = Reading.of(chunks);
        assert.deepEqual([pieces.error, pieces.events], [null, whole.events]);
        assert.deepEqual(pieces.stanzas.map(fieldsOf), whole.stanzas.map(fieldsOf));
      }
    }),
    { numRuns: cases(300) },
  );
});

/** A stanza has no field for an empty attribute. */
function withoutEmptyFields(tree: Element): Element {
  const attributes = [...tree.attributes].filter(([attribute, value]) => value !== '' || !['to', 'from', 'type', 'id'].includes(attribute));
  return { ...tree, attributes: new Map(attributes) };
}

test('an element, and a parsed stanza, equals the tree of saxes, however its bytes are cut', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (text, places) => {
      const trees = treesOf(text);
      for (const chunks of [[text], cut(text, places), Array.from(Buffer.from(text), (byte) => Buffer.of(byte))]) {
        const { error, elements } = Reading.of(chunks, {}, 'elements');
        assert.equal(error, null);
        assert.deepEqual(elements, trees);
      }
      const expected = trees.filter(({ name }) => name !== 'x').map(withoutEmptyFields);
      assert.deepEqual(Reading.of([text]).stanzas.map(elementOf), expected);
    }),
    { numRuns: cases(300) },
  );
});

test('a stanza stays the same when it is written and read again', () => {
  fc.assert(
    fc.property(stream, (text) => {
      for (const read of Reading.of([text]).stanzas) {
        const again = readStanza(read.toXml());
        assert.deepEqual(fieldsOf(again), fieldsOf(read));
        assert.equal(again.toXml(), read.toXml());
      }
    }),
    { numRuns: cases(500) },
  );
});

test('the oversized stanzas, and their kept parts, do not depend on the cuts', () => {
  const known = ({ name, to, from, type, id, thread }: ReturnType<typeof readStanza>): string[] => [name, to, from, type, id, thread];
  fc.assert(
    fc.property(stream, fc.integer({ min: 20, max: 300 }), fc.array(fc.nat(), { maxLength: 20 }), (text, maxStanzaBytes, places) => {
      const whole = Reading.of([text], { maxStanzaBytes });
      const pieces = Reading.of(cut(text, places), { maxStanzaBytes });
      assert.deepEqual([pieces.error, pieces.events], [whole.error, whole.events]);
      assert.deepEqual(pieces.stanzas.map(fieldsOf), whole.stanzas.map(fieldsOf));
      assert.deepEqual(pieces.oversized.map(known), whole.oversized.map(known));
      for (const left of pieces.oversized) readStanza(left.toXml());
    }),
    { numRuns: cases(1_000) },
  );
});

test('garbage in a stream yields stanzas or a stream error, and the same events before it however it is cut', () => {
  const garbage = fc.array(
    fc.oneof(stanza, fc.constantFrom('<', '>', '&', '</', '<!--', '<?', '<![CDATA[', ']]>', "'", '</message>', '</stream:stream>', 'x')),
    {
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(garbage, fc.array(fc.nat(), { maxLength: 20 }), (parts, places) => {
      const text = OPENING + parts.join('');
      const whole = Reading.of([text]);
      const pieces = Reading.of(cut(text, places));
      // An unfinished tail may be refused at the end of a piece already, but nothing gets out that would not otherwise.
      assert.deepEqual(pieces.events, whole.events.slice(0, pieces.events.length));
      if (whole.error === null && pieces.error === null) assert.deepEqual(pieces.events, whole.events);
      for (const read of whole.stanzas) readStanza(read.toXml(), ` xmlns:p='urn:p'`);
    }),
    { numRuns: cases(500) },
  );
});
