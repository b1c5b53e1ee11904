import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeAttribute, escapeText, rawAttributes, unescapeXml } from '../../shared/xml.ts';

test('an attribute value is escaped for quotes of either kind, and its white space survives normalization', () => {
  assert.equal(escapeAttribute('router@localhost/opensrf.math'), 'router@localhost/opensrf.math');
  assert.equal(escapeAttribute(`&<>'"`), '&amp;&lt;&gt;&apos;&quot;');
  assert.equal(escapeAttribute('a\tb\nc\rd e'), 'a&#9;b&#10;c&#13;d e');
  assert.equal(escapeAttribute('\u00e9\u{1f431}'), '\u00e9\u{1f431}');
});

test('text is escaped where a parser would change or misread it, and nowhere else', () => {
  assert.equal(escapeText(`[{"a":'b'}]`), `[{"a":'b'}]`);
  assert.equal(escapeText('&<>'), '&amp;&lt;&gt;');
  assert.equal(escapeText(']]>'), ']]&gt;');
  assert.equal(escapeText('a\r\nb\tc'), 'a&#13;\nb\tc');
});

test('predefined entities and references of both number systems are resolved once', () => {
  assert.equal(unescapeXml('nothing'), 'nothing');
  assert.equal(unescapeXml('&amp;&lt;&gt;&apos;&quot;'), `&<>'"`);
  assert.equal(unescapeXml('&#65;&#x41;&#x1f431;&#128049;'), 'AA\u{1f431}\u{1f431}');
  assert.equal(unescapeXml('&amp;lt;'), '&lt;');
  assert.equal(unescapeXml('&amp;#65;'), '&#65;');
});

test('an unknown reference stays as it is', () => {
  for (const text of ['&nbsp;', '&', '& amp;', '&;', '&#;', '&#x;', '&#xg;', '&amp', '&#x110000;', '&#99999999999;', '&toString;', '&__proto__;']) {
    assert.equal(unescapeXml(text), text);
  }
});

test('attributes are found with their positions', () => {
  const tag = `<opensrf a='1'\n\tb = "2"  c='' d:e="f"/>`;
  const found = rawAttributes(tag, '<opensrf'.length);
  assert.deepEqual(
    found.map(({ name, rawValue }) => [name, rawValue]),
    [
      ['a', '1'],
      ['b', '2'],
      ['c', ''],
      ['d:e', 'f'],
    ],
  );
  assert.deepEqual(
    found.map(({ start, end }) => tag.slice(start, end)),
    [`a='1'`, `b = "2"`, `c=''`, `d:e="f"`],
  );
});

test('text in a value is never taken for an attribute, and references in it stay as they are', () => {
  const found = rawAttributes(`<x a="b='c' d='e'" f='g="h"' i='&lt;&#9;>'/>`, 2);
  assert.deepEqual(
    found.map(({ name, rawValue }) => [name, rawValue]),
    [
      ['a', `b='c' d='e'`],
      ['f', 'g="h"'],
      ['i', '&lt;&#9;>'],
    ],
  );
});

test("a name may contain JavaScript's white space that is not XML's", () => {
  const names = ['a\ufeffb', '\u1680', 'c'];
  const found = rawAttributes(`<x ${names.map((name) => `${name}='1'`).join(' ')}>`, 2);
  assert.deepEqual(
    found.map(({ name }) => name),
    names,
  );
});

test('a tag without attributes has none', () => {
  for (const tag of ['<x>', '<x/>', '<x />', '<x\n>']) assert.deepEqual(rawAttributes(tag, 2), []);
});
