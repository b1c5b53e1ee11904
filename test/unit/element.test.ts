import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child, childText, text, xml } from '../../shared/element.ts';
import { NS } from '../../shared/namespaces.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { OPENING, Reading, readElement, readStanza } from '../support/reading.ts';

test('an element is read with names, namespaces, attributes, children and text', () => {
  const iq = readElement(
    `<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>a&amp;b</username><digest/></query><p:x xmlns:p='urn:p' p:a='1' b='2'/></iq>`,
  );
  assert.equal(iq.name, 'iq');
  assert.equal(iq.namespace, NS.client);
  assert.deepEqual(
    [...iq.attributes],
    [
      ['type', 'set'],
      ['id', '1'],
    ],
  );
  const query = child(iq, 'query');
  assert.equal(query?.namespace, NS.iqAuth);
  assert.deepEqual([...(query?.attributes ?? [])], [], 'a declaration is no attribute');
  assert.equal(childText(query ?? iq, 'username'), 'a&b');
  assert.equal(childText(query ?? iq, 'digest'), '');
  assert.equal(childText(query ?? iq, 'password'), undefined);
  const foreign = child(iq, 'x', 'urn:p');
  assert.deepEqual([...(foreign?.attributes ?? [])], [['b', '2']], 'an attribute in a namespace is left out');
});

test('text is the character data directly inside, including CDATA and references', () => {
  assert.equal(readElement('<body>a<![CDATA[<b>&amp;]]>&#99;<x>not this</x>d</body>').text, 'a<b>&amp;cd');
});

test('the first child of a name counts, and a wanted namespace is compared', () => {
  const parent = readElement(`<a><b xmlns='urn:1'>1</b><b xmlns='urn:2'>2</b></a>`);
  assert.equal(childText(parent, 'b'), '1');
  assert.equal(child(parent, 'b', 'urn:2')?.text, '2');
  assert.equal(child(parent, 'b', 'urn:3'), undefined);
});

test('the prefix of the stream needs no declaration', () => {
  const { prefix, name, namespace } = readElement('<stream:error/>');
  assert.deepEqual([prefix, name, namespace], ['stream', 'error', NS.streams]);
});

test('line ends are normalized by XML 1.0, and a reference to one stays', () => {
  assert.equal(readElement('<a>1\r\n2\r3<![CDATA[\r\n]]>4&#13;&#xd;\n</a>').text, '1\n2\n3\n4\r\r\n');
});

test('a stanza is parsed with the declarations of its stream, up to a depth', () => {
  const iq = elementOf(readStanza(`<iq type='get' xml:lang='en'><p:query a='1'>x</p:query></iq>`, ` xmlns:p='urn:p'`));
  assert.deepEqual([iq?.name, iq?.namespace, [...(iq?.attributes ?? [])]], ['iq', NS.client, [['type', 'get']]]);
  assert.equal(child(iq, 'query', 'urn:p')?.text, 'x');
  const nested = (levels: number) =>
    Reading.of([OPENING, `<message>${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}</message>`], { maxDepth: 1_000 }).stanzas[0];
  assert.equal(elementOf(nested(126) as Stanza)?.children.length, 1);
  assert.equal(elementOf(nested(127) as Stanza), null);
});

test("a session's element that is not a stanza has a small limit", () => {
  const small = Reading.of([OPENING, `<r xmlns='urn:xmpp:sm:3'>${'<x/>'.repeat(999)}</r>`]);
  assert.equal(small.elements[0]?.children.length, 999);
  const large = Reading.of([OPENING, `<r xmlns='urn:xmpp:sm:3'>${'<x/>'.repeat(1_000)}</r>`]);
  assert.equal(large.error?.condition, 'policy-violation');
  for (const text of [`<r a='${'x'.repeat(300)}'/>`, `<r>${'x'.repeat(300)}</r>`]) {
    for (const chunks of [[text], [text.slice(0, 250), text.slice(250)], [...text]]) {
      const { events, error } = Reading.of([OPENING, ...chunks], { maxStanzaBytes: 200, hardStanzaBytes: 1_000 });
      assert.deepEqual([events, error?.condition, error?.message], [['header'], 'policy-violation', 'an element of more than 200 bytes']);
    }
  }
});

test('an element is written with escaped attributes, without empty ones, and as an empty-element tag without content', () => {
  assert.equal(xml('a', { b: `<'">`, c: '', d: 'e' }), `<a b='&lt;&apos;&quot;&gt;' d='e'/>`);
  assert.equal(xml('a', {}, xml('b', {}, text('1 < 2 & 3')), xml('c', {})), '<a><b>1 &lt; 2 &amp; 3</b><c/></a>');
  assert.equal(xml('a', {}, ''), '<a/>');
});
