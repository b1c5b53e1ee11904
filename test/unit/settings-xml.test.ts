import assert from 'node:assert/strict';
import { test } from 'node:test';
import { convert, type Setting } from '../../server/settings/convert.ts';
import { merge } from '../../server/settings/merge.ts';
import { parseXml } from '../../server/xml/parse.ts';
import { XmlError } from '../../server/xml/xml-error.ts';
import type { XmlNode } from '../../server/xml/xml-node.ts';

const noFiles = (path: string): string => assert.fail(`${path} was read`);

function parse(xml: string, readText = noFiles): XmlNode {
  return parseXml(xml, '/conf/opensrf.xml', readText);
}

/** The conversion of a document's root element, as plain JSON. */
function converted(xml: string, readText = noFiles): unknown {
  const root = parse(xml, readText).children.find(({ kind }) => kind === 'element') as XmlNode;
  return JSON.parse(JSON.stringify(convert(root)));
}

test('an element is converted as by the Perl service', () => {
  const rows: readonly (readonly [xml: string, json: unknown])[] = [
    ['<k>3</k>', 3],
    ['<k>007</k>', 7],
    ['<k>00</k>', 0],
    ['<k>9999999999</k>', 9_999_999_999],
    ['<k>12345678901</k>', '12345678901'],
    ['<k>3.5</k>', '3.5'],
    ['<k>-3</k>', '-3'],
    ['<k>0x10</k>', '0x10'],
    ['<k>1e3</k>', '1e3'],
    ['<k>true</k>', 'true'],
    ['<k>\u0663</k>', '\u0663'],
    ['<k> 5 </k>', ' 5 '],
    ['<k>\n5\n</k>', '\n5\n'],
    ['<k>12\n</k>', 12],
    ['<k>12\r\n</k>', 12],
    ['<k>12\n\n</k>', '12\n\n'],
    ['<k/>', {}],
    ['<k></k>', {}],
    ['<k> </k>', ' '],
    ['<k>\n</k>', '\n'],
    ['<k a="1">text</k>', 'text'],
    ['<k a="1"/>', { a: 1 }],
    ['<k a="1"><b>v</b></k>', { a: 1, b: 'v' }],
    ['<k a="1"><a>2</a></k>', { a: [1, 2] }],
    ['<k a=" 1 "/>', { a: ' 1 ' }],
    ['<k><i>1</i></k>', { i: 1 }],
    ['<k><i>1</i><i>2</i></k>', { i: [1, 2] }],
    ['<k>\n <i>1</i>\n <j/>\n <i>2</i>\n <i/>\n</k>', { i: [1, 2, {}], j: {} }],
    ['<k>text<!-- c --></k>', { '#text': {} }],
    ['<k><!-- c -->text</k>', { '#text': {} }],
    ['<k><!-- c --></k>', {}],
    ['<k> <!-- c --> </k>', {}],
    ['<k><![CDATA[abc]]></k>', { '#cdata-section': {} }],
    ['<k>aa<b>1</b>cc</k>', { '#text': [{}, {}], b: 1 }],
    ['<k>aa<b>1</b>\n</k>', { '#text': [{}, {}], b: 1 }],
    ['<k>\n<b>1</b>aa</k>', { b: 1, '#text': {} }],
    ['<k><b/><![CDATA[c]]> <d/></k>', { b: {}, '#cdata-section': {}, '#text': {}, d: {} }],
    ['<k><?pi x?></k>', { pi: {} }],
    ['<k>&lt;&#65;&amp;</k>', '<A&'],
    ['<k><comment>c</comment><comment><x/></comment><i>1</i></k>', { i: 1 }],
    ['<comment><i>1</i></comment>', { i: 1 }],
    ['<k><x:i xmlns:x="urn:x">1</x:i></k>', { 'x:i': 1 }],
  ];
  for (const [xml, json] of rows) assert.deepEqual(converted(xml), json, xml);
});

test("names of an object's built-in members are ordinary keys", () => {
  const json = JSON.stringify(convert(parse('<k><__proto__><a>1</a></__proto__><__proto__>2</__proto__><toString/></k>').children[0] as XmlNode));
  assert.equal(json, '{"__proto__":[{"a":1},2],"toString":{}}');
  const merged = merge(JSON.parse('{"a":1}') as Setting, JSON.parse('{"__proto__":{"b":2}}') as Setting);
  assert.equal(JSON.stringify(merged), '{"a":1,"__proto__":{"b":2}}');
});

test('settings are merged by the rules of the Perl service', () => {
  const rows: readonly (readonly [base: Setting, overlay: Setting, merged: Setting])[] = [
    [
      { a: 1, b: { c: 2, d: 3 } },
      { b: { c: 4 }, e: 5 },
      { a: 1, b: { c: 4, d: 3 }, e: 5 },
    ],
    [{ i: [1, 2, 3] }, { i: [8, 9] }, { i: [8, 9, 3] }],
    [{ i: [1] }, { i: [8, 9] }, { i: [8, 9] }],
    [{ i: [1, 2, 3] }, { i: 7 }, { i: 7 }],
    [{ i: 1 }, { i: [5, 6] }, { i: [5, 6] }],
    [{ i: { a: 1 } }, { i: 'x' }, { i: 'x' }],
    [{ i: 'x' }, { i: {} }, { i: {} }],
    [{ i: { a: 1 } }, { i: {} }, { i: { a: 1 } }],
    [{ i: [{ a: 1 }, { b: 2 }] }, { i: [{ c: 3 }, 4] }, { i: [{ a: 1, c: 3 }, 4] }],
    [{ i: { a: 1 } }, { i: [{ b: 2 }] }, { i: [{ b: 2 }] }],
    ['x', { a: 1 }, { a: 1 }],
    [{ a: 1 }, 0, 0],
  ];
  for (const [base, overlay, merged] of rows) {
    const before = JSON.stringify([base, overlay]);
    assert.equal(JSON.stringify(merge(base, overlay)), JSON.stringify(merged), before);
    assert.equal(JSON.stringify([base, overlay]), before, 'neither has changed');
  }
});

test('entities are expanded in text, elements, attributes, other files, and inside each other', () => {
  const entities = `<!DOCTYPE k [
    <!ENTITY % unused-comment-below "x" >
  ]>`;
  assert.throws(() => converted(`${entities}<k/>`), /parameter entity %unused-comment-below; is not supported/);
  const declare = (...declarations: string[]) => `<!DOCTYPE k [${declarations.join('\n')}]>`;
  const rows: readonly (readonly [declarations: string[], element: string, json: unknown])[] = [
    [['<!ENTITY a "1">'], '<k>&a;2</k>', 12],
    [["<!ENTITY a '&#38;lt;'>"], '<k>&a;b</k>', '<b'],
    [['<!ENTITY a "<b>1</b>">'], '<k>&a;</k>', { b: 1 }],
    [['<!ENTITY a "<b>&b;</b>">', '<!ENTITY b "2">'], '<k>&a;&a;</k>', { b: [2, 2] }],
    [['<!ENTITY a "1&b;">', '<!ENTITY b "2">'], '<k v="&a;3"/>', { v: 123 }],
    [['<!-- <!ENTITY a "no"> -->', '<!ENTITY a "yes">', '<!ENTITY a "too late">'], '<k>&a;</k>', 'yes'],
    [['<!ENTITY a SYSTEM "sub/a.ent">'], '<k>&a;</k>', '/conf/sub/a.ent'],
    [['<!ENTITY a PUBLIC "-//x" "/elsewhere/a.ent">'], '<k>&a;</k>', '/elsewhere/a.ent'],
    [['<!ENTITY a SYSTEM "file:///elsewhere/a.ent">'], '<k>&a;</k>', '/elsewhere/a.ent'],
    [['<!ENTITY a "<x:b>1</x:b>">'], '<k xmlns:x="urn:x">&a;</k>', { 'xmlns:x': 'urn:x', 'x:b': 1 }],
  ];
  for (const [declarations, element, json] of rows) {
    assert.deepEqual(
      converted(declare(...declarations) + element, (path) => `<?xml version="1.0"?>${path}`),
      json,
      `${declarations} ${element}`,
    );
  }
});

test('a mistake is reported with its file and line', () => {
  const chain = Array.from({ length: 50 }, (_, index) => `<!ENTITY e${index + 1} "&e${index};">`).join('');
  const bomb = Array.from({ length: 12 }, (_, index) => `<!ENTITY e${index + 1} "${`&e${index};`.repeat(10)}">`).join('');
  const rows: readonly (readonly [xml: string, problem: RegExp])[] = [
    ['', /:1: document must contain a root element$/],
    ['<k>\n<a>\n</b>\n</k>', /:3: unexpected close tag: <a> of line 2 is open$/],
    ['<k>\n<a>', /:2: <a> is not closed$/],
    ['<k>\n&nosuch;</k>', /:2: undefined entity$/],
    ['<k>\n<a b=c/></k>', /:2: unquoted attribute value$/],
    ['<k/>\n<k/>', /:2: documents may contain only one root$/],
    ['<k>\n<x:a/></k>', /:2: unbound namespace prefix: "x"$/],
    ['<!DOCTYPE k [<!ENTITY a "&a;">]>\n<k>&a;</k>', /:2: the entity &a; contains itself$/],
    ['<!DOCTYPE k [<!ENTITY a "<b>">]>\n<k>&a;</k>', /:2: in the entity &a;: unclosed tag: b$/],
    ['<!DOCTYPE k [<!ENTITY a "<b/>">]>\n<k v="&a;"/>', /:2: the entity &a; contains markup, so it cannot be used in an attribute$/],
    ['<!DOCTYPE k [<!ENTITY a SYSTEM "http://x/">]>\n<k>&a;</k>', /:2: the entity &a; is at http:\/\/x\/; only files are read$/],
    [`<!DOCTYPE k [<!ENTITY e0 "x">${chain}]>\n<k>&e50;</k>`, /:2: more than 40 nested entities$/],
    [`<!DOCTYPE k [<!ENTITY e0 "">${bomb}]>\n<k>&e12;</k>`, /:2: more than 10000 entities to expand$/],
    [`<!DOCTYPE k [<!ENTITY e0 "${'0123456789'.repeat(10_000)}">${bomb}]>\n<k>&e12;</k>`, /:2: the entities expand to more than 10000000 characters$/],
    [`${'<k>\n'.repeat(300)}`, /:257: more than 256 nested elements$/],
  ];
  for (const [xml, problem] of rows) {
    assert.throws(
      () => parse(xml),
      (error) => {
        assert.ok(error instanceof XmlError, String(error));
        assert.equal(error.fault, 'content');
        assert.match(error.message, /^\/conf\/opensrf\.xml:\d+: [^\n]+$/);
        assert.match(error.message, problem);
        return true;
      },
      xml.slice(0, 80),
    );
  }
});
