import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExtensionForm, extensionForm, removeRouterFrom, stampRouterFrom } from '../../shared/extension.ts';
import { readStanza, type SeenTag, tagsOf } from '../support/reading.ts';

const SENDER = `opensrf@localhost/c_<'"&>_1`;
const CONTENT = '<thread>t</thread><body>b</body>';

/** Stanzas with `router_from` in every possible place, and in apparent ones. */
const SHAPES: readonly string[] = [
  // as OpenSRF's libraries write it
  `<message to="a@b/c" from="d@e/f"><opensrf router_from="" router_to="" router_class="" router_command="" osrf_xid="7"/>${CONTENT}</message>`,
  `<message to='a@b/c' from='d@e/f' ><opensrf router_command='' router_class='' osrf_xid='7'/>${CONTENT}</message>`,
  `<message to="a@b/c" from="d@e/f" router_from="" router_to="" router_class="" router_command="" osrf_xid="7">${CONTENT}</message>`,
  `<message to='a@b/c' router_command='' router_class='' osrf_xid='7'>${CONTENT}</message>`,
  `<message to='a@b/c' osrf_xid='7'>${CONTENT}</message>`,
  `<message to='a@b/c'>${CONTENT}</message>`,
  `<message to='a@b/c'/>`,
  // a lie in each form, and in both
  `<message><opensrf router_from='evil@x/y' osrf_xid='7'/></message>`,
  `<message router_from='evil@x/y' osrf_xid='7'/>`,
  `<message router_from='evil@x/1' osrf_xid='7'><opensrf router_from='evil@x/2' osrf_xid='7'/></message>`,
  `<message router_class='q'><opensrf router_from="evil@x/2" osrf_xid='7'/></message>`,
  `<message router_from="evil@x/2"><opensrf osrf_xid='7'/></message>`,
  // odd white space and quotes
  `<message><opensrf router_from= "evil@x/y" osrf_xid='7'/></message>`,
  `<message><opensrf router_from= 'evil@x/y'/></message>`,
  `<message><opensrf router_from ='evil@x/y' osrf_xid='7'/></message>`,
  `<message><opensrf\n\trouter_from\r\n=\t"evil@x/y"\nosrf_xid = '7'\n/></message>`,
  `<message><opensrf osrf_xid='7'  router_from='evil@x/y'></opensrf></message>`,
  `<message router_from= "evil@x/y" osrf_xid='7'/>`,
  `<message\n\trouter_from\n=\n'evil@x/y'\tosrf_xid='7'\n/>`,
  `<message osrf_xid='7' router_from='evil@x/y' ></message>`,
  // the text of the attribute inside a value
  `<message><opensrf osrf_xid='7' router_to=" router_from='evil@x/y' "/></message>`,
  `<message><opensrf a=" router_from='evil@x/1'" router_from='evil@x/2' osrf_xid='7'/></message>`,
  `<message><opensrf a=' router_from="evil@x/1"' osrf_xid='7' router_from="evil@x/2"/></message>`,
  `<message a=" router_from='evil@x/1'" osrf_xid='7' router_from='evil@x/2'/>`,
  `<message a=' router_from="evil@x/1"' osrf_xid='7'/>`,
  `<message><opensrf router_from=" router_from='evil@x/1' " osrf_xid='7'/></message>`,
  `<message><opensrf router_from='a"b=&quot;c&apos;' osrf_xid='7'/></message>`,
  `<message><opensrf a='/>' b="<&lt;" osrf_xid='7'/></message>`.replace('"<&lt;"', '"&lt;"'),
  // names that only look alike
  `<message xmlns:x='urn:x'><opensrf x:router_from='other' router_fromm='other' osrf_xid='7'/></message>`,
  `<message xmlns:x='urn:x' x:router_from='other' router_from-='other' osrf_xid='7'/>`,
  `<message><opensrf xmlns='urn:x' router_from='evil@x/y' osrf_xid='7'/></message>`,
  // characters that are white space for JavaScript and part of a name for XML
  `<message><opensrf a\ufeffb='1' router_from='evil@x/y' osrf_xid='7'/></message>`,
  `<message a\u1680b='1' router_from='evil@x/y' osrf_xid='7'/>`,
  `<message><opensrf \ufdf0\ufeffrouter_from='other' osrf_xid='7'/></message>`,
  // elsewhere in the stanza
  `<message><body>x</body> <opensrf router_from='evil@x/y' osrf_xid='7'/></message>`,
  `<message><body><![CDATA[<opensrf router_from='evil@x/y'/>]]></body><opensrf osrf_xid='7'/></message>`,
  `<message><body>&lt;opensrf router_from='evil@x/y'/></body></message>`,
  `<message><opensrf osrf_xid='7'>router_from='evil@x/y'</opensrf></message>`,
];

const FORMS: readonly ExtensionForm[] = ['child', 'attributes'];

/** The stanza's own tag and its extension, as a library sees them. */
function extensionTags(xml: string): { message: SeenTag; child: SeenTag | undefined } {
  const tags = tagsOf(xml);
  return { message: tags[0] as SeenTag, child: tags.find((tag) => tag.name === 'opensrf' && tag.depth === 1) };
}

/** The tag's attributes except those a stamp may write. */
function otherAttributes(tag: SeenTag | undefined): [string, string][] {
  return [...(tag?.attributes ?? [])].filter(([name]) => name !== 'router_from' && name !== 'osrf_xid');
}

/** The sender according to a library of either form, tag by tag: the stanza's own, then its extension. */
function routerFroms(xml: string): (string | undefined)[] {
  const { message, child } = extensionTags(xml);
  return [message.attributes.get('router_from'), child?.attributes.get('router_from')];
}

test('a stamped stanza names the real sender in each of its forms, and in the form that its receiver reads', () => {
  for (const [shape, form] of SHAPES.flatMap((shape) => FORMS.map((form) => [shape, form] as const))) {
    const { message, child } = extensionTags(shape);
    const stanza = readStanza(shape);
    stampRouterFrom(stanza, SENDER, form);
    const [ofMessage, ofChild] = routerFroms(stanza.toXml());
    const mustBeOnMessage = form === 'attributes' || message.attributes.has('router_from');
    const mustBeOnChild = form === 'child' || child !== undefined;
    // An optional position must have the same value.
    assert.equal(mustBeOnMessage ? ofMessage : (ofMessage ?? SENDER), SENDER, `${form}: ${shape}`);
    assert.equal(mustBeOnChild ? ofChild : (ofChild ?? SENDER), SENDER, `${form}: ${shape}`);
  }
});

test('a stamp keeps every other attribute and all content', () => {
  for (const shape of SHAPES) {
    for (const form of FORMS) {
      const where = `${form}: ${shape}`;
      const before = extensionTags(shape);
      const stanza = readStanza(shape);
      const content = stanza.rest;
      stampRouterFrom(stanza, SENDER, form);
      const after = extensionTags(stanza.toXml());
      assert.deepEqual(otherAttributes(after.message), otherAttributes(before.message), where);
      if (before.child !== undefined) assert.deepEqual(otherAttributes(after.child), otherAttributes(before.child), where);
      assert.ok(stanza.inner.endsWith(content), where);
    }
  }
});

test('a stamped stanza reads back with its own fields', () => {
  for (const shape of SHAPES) {
    for (const form of FORMS) {
      const stanza = readStanza(shape);
      stampRouterFrom(stanza, SENDER, form);
      const again = readStanza(stanza.toXml());
      assert.equal(again.routerFrom, SENDER, shape);
      assert.equal(again.transactionId, stanza.transactionId, shape);
      assert.equal(again.extensionStart, stanza.extensionStart, shape);
      assert.equal(again.head, stanza.head, shape);
      assert.equal(again.extensionOnStartTag, stanza.extensionOnStartTag, shape);
      assert.equal(again.toXml(), stanza.toXml(), shape);
    }
  }
});

test('a stamp can be replaced by another', () => {
  for (const shape of SHAPES) {
    const stanza = readStanza(shape);
    for (const [sender, form] of [
      ['a@b/1', 'attributes'],
      ['a@b/22', 'child'],
      ['', 'child'],
      [SENDER, 'attributes'],
    ] as const) {
      stampRouterFrom(stanza, sender, form);
      const { message, child } = extensionTags(stanza.toXml());
      assert.equal(message.attributes.get('router_from'), sender, shape);
      if (child !== undefined) assert.equal(child.attributes.get('router_from'), sender, shape);
    }
  }
});

test('a request converted between the forms keeps its transaction id', () => {
  const fromChild = readStanza(`<message><opensrf osrf_xid='7&apos;'/>${CONTENT}</message>`);
  stampRouterFrom(fromChild, SENDER, 'attributes');
  assert.equal(extensionTags(fromChild.toXml()).message.attributes.get('osrf_xid'), "7'");
  const fromAttributes = readStanza(`<message osrf_xid='7&apos;'>${CONTENT}</message>`);
  stampRouterFrom(fromAttributes, SENDER, 'child');
  assert.equal(extensionTags(fromAttributes.toXml()).child?.attributes.get('osrf_xid'), "7'");
});

test('after router_from is removed, no reader of either form finds one', () => {
  for (const shape of SHAPES) {
    const before = extensionTags(shape);
    const stanza = readStanza(shape);
    removeRouterFrom(stanza);
    const after = extensionTags(stanza.toXml());
    for (const tag of [after.message, after.child]) assert.equal(tag?.attributes.get('router_from') ?? '', '', shape);
    assert.deepEqual(otherAttributes(after.message), otherAttributes(before.message), shape);
    assert.deepEqual(otherAttributes(after.child), otherAttributes(before.child), shape);
    assert.equal(readStanza(stanza.toXml()).routerFrom, '', shape);
    assert.equal(stanza.routerFrom, '', shape);
  }
});

test('the answer uses the form the request used', () => {
  const rows: readonly (readonly [xml: string, form: ExtensionForm])[] = [
    [`<message><opensrf/></message>`, 'child'],
    [`<message osrf_xid=''/>`, 'attributes'],
    [`<message router_command='register'/>`, 'attributes'],
    [`<message osrf_xid=''><opensrf/></message>`, 'child'],
    ['<message/>', 'child'],
    [`<message other=''/>`, 'child'],
  ];
  for (const [xml, form] of rows) assert.equal(extensionForm(readStanza(xml)), form, xml);
});
