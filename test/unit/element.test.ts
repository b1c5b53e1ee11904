import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child, childText, parseElement, text, xml } from '../../shared/element.ts';
import { NS } from '../../shared/namespaces.ts';

test('an element is read with names, namespaces, attributes, children and text', () => {
  const iq = parseElement(
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

test('text is what stands directly inside, CDATA and references included', () => {
  assert.equal(parseElement('<body>a<![CDATA[<b>&amp;]]>&#99;<x>not this</x>d</body>').text, 'a<b>&amp;cd');
});

test('the first child of a name counts, and a wanted namespace is compared', () => {
  const parent = parseElement(`<a><b xmlns='urn:1'>1</b><b xmlns='urn:2'>2</b></a>`);
  assert.equal(childText(parent, 'b'), '1');
  assert.equal(child(parent, 'b', 'urn:2')?.text, '2');
  assert.equal(child(parent, 'b', 'urn:3'), undefined);
});

test('the prefix of the stream needs no declaration', () => {
  assert.equal(parseElement('<stream:error/>').namespace, NS.streams);
});

test('an element is written with escaped attributes, empty ones left out, and closed short where it is empty', () => {
  assert.equal(xml('a', { b: `<'">`, c: '', d: 'e' }), `<a b='&lt;&apos;&quot;&gt;' d='e'/>`);
  assert.equal(xml('a', {}, xml('b', {}, text('1 < 2 & 3')), xml('c', {})), '<a><b>1 &lt; 2 &amp; 3</b><c/></a>');
  assert.equal(xml('a', {}, ''), '<a/>');
});
