import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { removeRouterFrom, stampRouterFrom } from '../../shared/extension.ts';
import { escapeAttribute, escapeText, rawAttributes, unescapeXml } from '../../shared/xml.ts';
import { readStanza, tagsOf } from '../support/reading.ts';
import { cases } from '../support/tier.ts';

/** Any character XML 1.0 allows (§2.2), the awkward ones often. */
const xmlText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('<', '>', '&', "'", '"', '\t', '\n', '\r', ']]>', '&amp;', '&#10;', ' ', '=', "router_from='x'"),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter(isXmlCharacter),
  ),
});

/** XML 1.0 §2.2. */
function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (code >= 0x20 && code < 0xd800) || (code >= 0xe000 && code <= 0xfffd) || code >= 0x10000;
}

/** The result of a parser. */
function parsed(xml: string): { text: string; attribute: string } {
  const seen = { text: '', attribute: '' };
  const parser = new SaxesParser({ xmlns: true });
  parser.on('opentag', ({ attributes }) => {
    seen.attribute = attributes['a']?.value ?? '';
  });
  parser.on('text', (text) => {
    seen.text += text;
  });
  parser.write(xml).close();
  return seen;
}

test('every text survives escaping and a parser', () => {
  fc.assert(
    fc.property(xmlText, (text) => {
      assert.equal(parsed(`<x>${escapeText(text)}</x>`).text, text);
      assert.equal(parsed(`<x a='${escapeAttribute(text)}'/>`).attribute, text);
      assert.equal(parsed(`<x a="${escapeAttribute(text)}"/>`).attribute, text);
      assert.equal(unescapeXml(escapeText(text)), text);
      assert.equal(unescapeXml(escapeAttribute(text)), text);
    }),
    { numRuns: cases(2_000) },
  );
});

const nameStart = fc.constantFrom('a', 'Z', '_', '\u00e9', '\u1680', '\ufeff', '\u{10000}');
const attributeName = fc.oneof(
  fc.constantFrom('router_from', 'router_to', 'osrf_xid', 'router_fro'),
  fc.tuple(nameStart, fc.string({ unit: fc.oneof(nameStart, fc.constantFrom('-', '.', '7', '\u00b7')), maxLength: 3 })).map((parts) => parts.join('')),
);
const space = fc.constantFrom(' ', '\n', '\t', '\r\n', '  ');
const attribute = fc.record({
  name: attributeName,
  value: xmlText,
  quote: fc.constantFrom("'", '"'),
  before: space,
  around: fc.constantFrom('', ' ', '\n'),
  behind: fc.constantFrom('', '', ' '),
});
const attributes = fc.uniqueArray(attribute, { maxLength: 5, selector: (one) => one.name });

interface Attribute {
  readonly name: string;
  readonly value: string;
  readonly quote: string;
  readonly before: string;
  readonly around: string;
  readonly behind: string;
}

function written(all: readonly Attribute[]): string {
  return all
    .map(({ name, value, quote, before, around, behind }) => {
      // Escape only the necessary between these quotes: a reader must not rely on more.
      const raw = value.replace(/[&<\t\n\r]/g, escapeAttribute).replaceAll(quote, quote === "'" ? '&apos;' : '&quot;');
      return `${before}${name}${around}=${behind}${quote}${raw}${quote}`;
    })
    .join('');
}

test('the attributes found in the text of a tag are those a parser sees', () => {
  fc.assert(
    fc.property(attributes, (all) => {
      const tag = `<x${written(all)}/>`;
      assert.deepEqual(
        rawAttributes(tag, 2).map(({ name, rawValue }) => [name, unescapeXml(rawValue)]),
        all.map(({ name, value }) => [name, value]),
      );
    }),
    { numRuns: cases(1_000) },
  );
});

test('a listener reads the real sender of any request, and all the rest unchanged', () => {
  const others = (tag: { attributes: ReadonlyMap<string, string> } | undefined): [string, string][] =>
    [...(tag?.attributes ?? [])].filter(([name]) => name !== 'router_from' && name !== 'osrf_xid');
  fc.assert(
    fc.property(attributes, fc.option(attributes, { nil: null }), xmlText, fc.constantFrom('child', 'attributes'), (onMessage, onChild, sender, form) => {
      const xml = `<message${written(onMessage)}>${onChild === null ? '' : `<opensrf${written(onChild)}/>`}<body/></message>`;
      const [messageBefore, childBefore] = tagsOf(xml);
      const stanza = readStanza(xml);
      stampRouterFrom(stanza, sender, form);
      const [message, child] = tagsOf(stanza.toXml());
      for (const tag of [message, child]) assert.equal(tag?.attributes.get('router_from') ?? sender, sender);
      assert.equal((form === 'child' ? child : message)?.attributes.get('router_from'), sender);
      assert.deepEqual(others(message), others(messageBefore));
      if (onChild !== null) assert.deepEqual(others(child), others(childBefore));
      removeRouterFrom(stanza);
      for (const tag of tagsOf(stanza.toXml())) assert.equal(tag.attributes.get('router_from') ?? '', '');
    }),
    { numRuns: cases(1_000) },
  );
});
