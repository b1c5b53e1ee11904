import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Element } from '../../shared/element.ts';
import { StanzaError, type StreamErrorCondition } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { bounceWithoutContent } from '../../shared/osrf/bounce.ts';
import { StreamReader } from '../../shared/reader/stream-reader.ts';
import type { ReaderLimits } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { OPENING, Reading, readStanza, tagsOf, UNQUALIFIED_OPENINGS, WIDE_LIMITS } from '../support/reading.ts';
import { cases } from '../support/tier.ts';

/** The text whole, character by character, and in two at every place. */
function* ways(text: string): Generator<string[]> {
  const characters = Array.from(text);
  yield [text];
  yield characters;
  for (let cut = 1; cut < characters.length; cut++) yield [characters.slice(0, cut).join(''), characters.slice(cut).join('')];
}

function assertRefused(rows: readonly (readonly [what: string, text: string, condition: StreamErrorCondition])[]): void {
  for (const [what, text, condition] of rows) {
    for (const chunks of ways(text)) {
      const reading = Reading.of(chunks);
      assert.equal(reading.error?.condition, condition, `${what}: ${JSON.stringify(chunks)}`);
      assert.ok(!reading.events.includes('stanza message'), `${what}: nothing of it gets out: ${JSON.stringify(chunks)}`);
    }
  }
}

test('a header is read, with and without an XML declaration', () => {
  const header = { to: 'localhost', from: 'a@b', id: '1', version: '1.0', lang: 'en', defaultNamespace: NS.client };
  const tag = `<stream:stream to='localhost' from='a@b' id='1' version='1.0' xml:lang='en' xmlns='jabber:client' xmlns:stream='${NS.streams}'>`;
  for (const declaration of [
    '',
    `<?xml version='1.0'?>`,
    `<?xml version="1.0" encoding="UTF-8"?>\n`,
    `<?xml version='1.0' encoding='utf-8' standalone='yes'?>`,
  ]) {
    for (const chunks of ways(declaration + tag)) assert.deepEqual(Reading.of(chunks).headers, [header]);
  }
  assert.deepEqual(Reading.of([OPENING]).headers, [{ ...header, from: '', id: '', version: '', lang: '' }]);
});

test('input that is not a stream is refused at its first tag', () => {
  assertRefused([
    ['text', 'GET / HTTP/1.1\r\n', 'not-well-formed'],
    ['another element', `<stream xmlns='jabber:client'>`, 'invalid-namespace'],
    ['another namespace', `<stream:stream xmlns='jabber:client' xmlns:stream='urn:x'>`, 'invalid-namespace'],
    ['a prefix without a declaration', `<stream:stream xmlns='jabber:client'>`, 'not-well-formed'],
    ['a stanza without a stream', '<message/>', 'invalid-namespace'],
    ['XML 1.1', `<?xml version='1.1'?>${OPENING}`, 'not-well-formed'],
    ['another encoding', `<?xml version='1.0' encoding='ISO-8859-1'?>${OPENING}`, 'unsupported-encoding'],
    ['UTF-16', `<?xml version='1.0' encoding='utf-16'?>${OPENING}`, 'unsupported-encoding'],
    ['a DOCTYPE before the header', `<!DOCTYPE x [<!ENTITY a 'b'>]>${OPENING}`, 'restricted-xml'],
    ['a comment before the header', `<!-- x -->${OPENING}`, 'restricted-xml'],
    ['a PI before the header', `<?x y?>${OPENING}`, 'restricted-xml'],
  ]);
});

test("a receiver's exception is passed on unchanged: it is not the peer's error", () => {
  const mistake = new TypeError('a mistake');
  const receiver = new Reading();
  receiver.stanzaRead = () => {
    throw mistake;
  };
  const reader = new StreamReader(receiver, WIDE_LIMITS);
  reader.write(OPENING);
  assert.throws(
    () => reader.write('<message/>'),
    (error) => error === mistake,
  );
});

test('a reference may be written with any number of zeros, and be cut anywhere', () => {
  for (const chunks of ways(`${OPENING}<message id='&#x000000000041;'>&#0000000000065;&quot;&amp;</message>`)) {
    const reading = Reading.of(chunks);
    assert.equal(reading.error, null, JSON.stringify(chunks));
    assert.equal(reading.stanzas[0]?.id, 'A');
  }
});

test('a start tag in many pieces takes no more time than a body in as many', () => {
  const microseconds = (before: string, behind: string): number => {
    const reader = new StreamReader(new Reading(), WIDE_LIMITS);
    const piece = 'x'.repeat(500);
    reader.write(OPENING + before);
    const begin = process.cpuUsage();
    for (let index = 0; index < 8_000; index++) reader.write(piece);
    reader.write(behind);
    return process.cpuUsage(begin).user;
  };
  const body = microseconds('<message><body>', '</body></message>');
  const tag = microseconds("<message id='", "'/>");
  // They are about equal; looking at the whole tag again for each piece takes twenty times as long.
  assert.ok(tag < 6 * body, `${tag} us for a tag, ${body} us for a body`);
});

test('restricted XML ends the stream at any place', () => {
  assertRefused([
    ['a comment', `${OPENING}<!-- x --><message/>`, 'restricted-xml'],
    ['a comment in a stanza', `${OPENING}<message><!-- x --></message>`, 'restricted-xml'],
    ['a PI', `${OPENING}<?x y?><message/>`, 'restricted-xml'],
    ['a PI in a stanza', `${OPENING}<message><?x y?></message>`, 'restricted-xml'],
    ['a second declaration in a stanza', `${OPENING}<message><?xml version='1.0'?></message>`, 'not-well-formed'],
    ['a DOCTYPE in a stanza', `${OPENING}<message><!DOCTYPE x></message>`, 'not-well-formed'],
    ['an undeclared entity', `${OPENING}<message><body>&nbsp;</body></message>`, 'not-well-formed'],
  ]);
});

test('a comment or DOCTYPE between stanzas is noticed before it ends', () => {
  for (const start of ['<!-- never ending', '<!DOCTYPE x', '<?x ', '<![CDATA[x']) {
    assert.notEqual(Reading.of([OPENING, start]).error, null, start);
  }
});

test('malformed XML ends the stream before the stanza is delivered', () => {
  assertRefused([
    ['a stanza closed by another name', `${OPENING}<message></iq>`, 'not-well-formed'],
    ['a stanza closed by a longer name', `${OPENING}<message></messages>`, 'not-well-formed'],
    ['a stanza closed by a shorter name', `${OPENING}<message></messag>`, 'not-well-formed'],
    ['a stanza closed by the stream', `${OPENING}<message></stream:stream>`, 'not-well-formed'],
    ['an open child', `${OPENING}<message><body></message>`, 'not-well-formed'],
    ['two open children', `${OPENING}<message><a><body></message></a>`, 'not-well-formed'],
    ['an open thread', `${OPENING}<message><thread>x</message>`, 'not-well-formed'],
    ['children that overlap', `${OPENING}<message><a><b></a></b></message>`, 'not-well-formed'],
    ['an end tag without a start', `${OPENING}</message>`, 'not-well-formed'],
    ['an end tag with attributes', `${OPENING}<message></message a='1'>`, 'not-well-formed'],
    ['an empty end tag', `${OPENING}<message></>`, 'not-well-formed'],
    ['an attribute twice', `${OPENING}<message to='a' to='b'/>`, 'not-well-formed'],
    ['an attribute without quotes', `${OPENING}<message to=a/>`, 'not-well-formed'],
    ['attributes without white space between', `${OPENING}<message to='a'from='b'/>`, 'not-well-formed'],
    ['a < in a value', `${OPENING}<message to='<'/>`, 'not-well-formed'],
    ['an undeclared prefix', `${OPENING}<message><x:y/></message>`, 'not-well-formed'],
    ['an undeclared attribute prefix', `${OPENING}<message x:y='1'/>`, 'not-well-formed'],
    ['a prefix of another stanza', `${OPENING}<iq xmlns:x='u'/><message><x:y/></message>`, 'not-well-formed'],
    ['a control character', `${OPENING}<message><body>\u0001</body></message>`, 'not-well-formed'],
    ['a reference to a control character', `${OPENING}<message><body>&#1;</body></message>`, 'not-well-formed'],
    ['a reference to a surrogate', `${OPENING}<message><body>&#xd800;</body></message>`, 'not-well-formed'],
    ['U+FFFF', `${OPENING}<message><body>\uffff</body></message>`, 'not-well-formed'],
    ['a bare ampersand', `${OPENING}<message><body>a & b;</body></message>`, 'not-well-formed'],
    [']]> in text', `${OPENING}<message><body>]]></body></message>`, 'not-well-formed'],
  ]);
});

test('only white space may separate stanzas', () => {
  assertRefused([
    ['text', `${OPENING}x<message/>`, 'bad-format'],
    ['text behind white space', `${OPENING} \n x<message/>`, 'bad-format'],
    ['a reference to white space', `${OPENING}&#32;<message/>`, 'bad-format'],
    ['a no-break space', `${OPENING}\u00a0<message/>`, 'bad-format'],
    ['text before the end', `${OPENING}x</stream:stream>`, 'bad-format'],
  ]);
  for (const chunks of ways(`${OPENING}\r\n \t<iq/> \n\n<iq/>\r\r</stream:stream>`)) {
    assert.deepEqual(Reading.of(chunks).events, ['header', 'stanza iq', 'stanza iq', 'footer'], JSON.stringify(chunks));
  }
});

test('text between stanzas is noticed before the next stanza begins', () => {
  assert.equal(Reading.of([OPENING, 'x']).error?.condition, 'bad-format');
});

test('CDATA between stanzas is refused, even of white space', () => {
  for (const chunks of ways(`${OPENING}<![CDATA[ ]]><message/>`)) assert.notEqual(Reading.of(chunks).error, null);
});

test('endless white space is not kept', () => {
  const reading = Reading.of([OPENING, ...Array.from({ length: 50 }, () => ' \r\n\t'.repeat(100)), '<message/>'], {
    maxStanzaBytes: 500,
    hardStanzaBytes: 600,
  });
  assert.equal(reading.error, null);
  assert.deepEqual(reading.events, ['header', 'stanza message']);
});

test('a stanza passes unchanged except for its start tag', () => {
  const inner = `<opensrf a="1"/>\r\n<thread>t&amp;&#65;</thread><body xml:lang='en'><![CDATA[</message>]]>\u00e9\u{1f431}</body></message\n>`;
  for (const chunks of ways(`${OPENING}<message id = "1"\n other="'&#9;" to='a&amp;b@c' >${inner}`)) {
    const [stanza] = Reading.of(chunks).stanzas as [Stanza];
    assert.equal(stanza.inner, inner);
    assert.equal(stanza.toXml(), `<message to='a&amp;b@c' id='1' other="'&#9;">${inner}`);
    assert.equal(stanza.thread, 't&amp;&#65;');
  }
});

test('a session gets message, iq and presence of any namespace as stanzas, and all else as elements', () => {
  const xml = `<message/><iq xmlns='urn:x'/><presence/><c:message/><r xmlns='urn:xmpp:sm:3'/><stream:error/><messages/>`;
  for (const chunks of ways(xml)) {
    const { stanzas, namespaces, elements, error } = Reading.of([OPENING.replace('>', ` xmlns:c='jabber:client'>`), ...chunks]);
    assert.equal(error, null);
    assert.deepEqual(
      stanzas.map(({ name }, index) => [name, namespaces[index]]),
      [
        ['message', NS.client],
        ['iq', 'urn:x'],
        ['presence', NS.client],
      ],
    );
    assert.deepEqual(
      elements.map(({ name, prefix, namespace }) => [name, prefix, namespace]),
      [
        ['message', 'c', NS.client],
        ['r', '', NS.streamManagement],
        ['error', 'stream', NS.streams],
        ['messages', '', NS.client],
      ],
    );
  }
});

test('on a stream without a content namespace each stanza has the one it declares, which is not repeated', () => {
  const message = `<message xmlns='jabber:client' to='a' from='b'><thread>t</thread><body>x</body></message>`;
  for (const opening of UNQUALIFIED_OPENINGS) {
    const undeclared = opening.startsWith('<stream ') ? NS.streams : '';
    for (const chunks of ways(`${message}<iq/><message to='a' from='b'><body>x</body></message>`)) {
      const { stanzas, namespaces, headers, error } = Reading.of([opening, ...chunks]);
      assert.equal(error, null);
      assert.deepEqual([headers[0]?.defaultNamespace, ...namespaces], [undeclared, NS.client, undeclared, undeclared]);
      assert.equal(stanzas[0]?.toXml(), "<message to='a' from='b'><thread>t</thread><body>x</body></message>");
    }
  }
});

test('a negotiation gets everything as elements', () => {
  for (const chunks of ways('<iq/><message to="a" from="b"><body>x</body></message></stream:stream>')) {
    assert.deepEqual(Reading.of([OPENING, ...chunks], {}, 'elements').events, ['header', 'element iq', 'element message', 'footer']);
  }
});

test("a stanza repeats the declarations of its stream's header, escaped, unless it has its own", () => {
  const declarations = ` xmlns:a="urn:a' router_from='evil&lt;" xmlns:b='urn:b' xmlns:xml='http://www.w3.org/XML/1998/namespace'`;
  const stanza = readStanza(`<message xmlns:b='urn:c' xmlns='jabber:client' xmlns:stream='${NS.streams}'><a:x/><b:x/></message>`, declarations);
  const [message] = tagsOf(stanza.toXml());
  assert.equal(message?.attributes.get('xmlns:a'), `urn:a' router_from='evil<`);
  assert.equal(message?.attributes.get('xmlns:b'), 'urn:c');
  assert.equal(message?.attributes.has('router_from'), false);
  assert.equal(message?.attributes.has('xmlns'), false, 'the declaration every stream implies is not repeated');
  assert.equal(readStanza('<message/>').otherAttributes, '');
});

test('the thread is the text of the first thread child', () => {
  const rows: readonly (readonly [xml: string, thread: string])[] = [
    ['<message/>', ''],
    ['<message><thread/></message>', ''],
    ['<message><thread></thread></message>', ''],
    ['<message><thread>a</thread><thread>b</thread></message>', 'a'],
    ['<message><thread/><thread>b</thread></message>', ''],
    ['<message><x><thread>a</thread></x><thread >b</thread ></message>', 'b'],
    [`<message><thread parent='p'>a&lt;</thread></message>`, 'a&lt;'],
    ['<message><thread>a<![CDATA[<&b]]>c<![CDATA[]]></thread></message>', 'a&lt;&amp;bc'],
    ['<message><thread>a<b/></thread></message>', ''],
    [`<message xmlns:p='u'><thread><p:b>a</p:b></thread></message>`, ''],
    ['<message><thread><![CDATA[a]]><b/></thread></message>', ''],
    ['<message><t:thread xmlns:t="jabber:client">a</t:thread></message>', ''],
  ];
  for (const [xml, thread] of rows) {
    for (const chunks of ways(xml)) assert.equal(Reading.of([OPENING, ...chunks]).stanzas[0]?.thread, thread, JSON.stringify(chunks));
  }
});

test('a thread longer than any of OpenSRF’s is passed on, but not tracked', () => {
  for (const [thread, known] of [
    ['t'.repeat(1_024), 't'.repeat(1_024)],
    ['t'.repeat(1_025), ''],
    ['&lt;'.repeat(1_000), ''],
    ['<![CDATA[t]]>'.repeat(1_000), ''],
  ] as const) {
    // Read by the fast lane, and by saxes.
    for (const attributes of ["to='a' from='b'", "from='b' to='a'"]) {
      const xml = `<message ${attributes}><thread>${thread}</thread><body>b</body></message>`;
      const stanza = readStanza(xml);
      assert.equal(stanza.thread, known);
      assert.ok(stanza.toXml().includes(`<thread>${thread}</thread><body>b</body>`));
    }
  }
});

test('the extension is found in both forms, the first value of each attribute counting', () => {
  type Extension = [routerFrom: string, routerClass: string, routerCommand: string, transactionId: string, tag: string, onStartTag: boolean];
  const full = `<opensrf router_from='1' router_class='2' router_command='3' osrf_xid='4&amp;'/>`;
  const rows: readonly (readonly [xml: string, expected: Extension])[] = [
    [`<message>${full}</message>`, ['1', '2', '3', '4&', full, false]],
    [`<message router_from='1' router_class='2' router_command='3' osrf_xid='4'/>`, ['1', '2', '3', '4', '', true]],
    [
      `<message router_from='' osrf_xid='4'><opensrf router_from='5' osrf_xid='6'/></message>`,
      ['5', '', '', '4', `<opensrf router_from='5' osrf_xid='6'/>`, true],
    ],
    [`<message>a<x/>\u{1f431}<opensrf/></message>`, ['', '', '', '', '<opensrf/>', false]],
    [`<message><x><opensrf osrf_xid='1'/></x></message>`, ['', '', '', '', '', false]],
    [`<message><opensrf osrf_xid='1'>x</opensrf></message>`, ['', '', '', '1', `<opensrf osrf_xid='1'>`, false]],
    [`<message xmlns:x='u' x:osrf_xid='1' router_to='2'/>`, ['', '', '', '', '', false]],
  ];
  for (const [xml, expected] of rows) {
    for (const chunks of ways(xml)) {
      const [stanza] = Reading.of([OPENING, ...chunks]).stanzas as [Stanza];
      const tag = stanza.extensionStart === -1 ? '' : stanza.head.slice(stanza.extensionStart);
      const { routerFrom, routerClass, routerCommand, transactionId, extensionOnStartTag } = stanza;
      assert.deepEqual([routerFrom, routerClass, routerCommand, transactionId, tag, extensionOnStartTag], expected, JSON.stringify(chunks));
    }
  }
});

test('content that an OpenSRF library would read as a stanza, an error or another extension is marked', () => {
  const hasNestedStanza = [
    '<message><message/></message>',
    '<message><x><message/></x></message>',
    '<message><body><iq/></body></message>',
    '<message><presence/></message>',
    '<message><opensrf/><opensrf/></message>',
    '<message><x><opensrf/></x><opensrf/></message>',
    '<message><opensrf><opensrf/></opensrf></message>',
    '<message><stream:error/></message>',
    '<message><x><stream:stream/></x></message>',
    `<message><stream:x xmlns:stream='urn:x'/></message>`,
    `<message><x xmlns='urn:x'><message/></x></message>`,
    '<iq><query><message/></query></iq>',
  ];
  const harmless = [
    '<message><opensrf/><thread/><thread/><body/></message>',
    '<message><messages/><body><opensrf2/></body></message>',
    `<message><c:message xmlns:c='jabber:client'/></message>`,
    '<message><body><![CDATA[<message/>]]>&lt;message/></body></message>',
    `<message message='1' iq='2'/>`,
    '<message><error/></message>',
  ];
  for (const [xml, expected] of [...hasNestedStanza.map((xml) => [xml, true] as const), ...harmless.map((xml) => [xml, false] as const)]) {
    for (const chunks of ways(xml)) assert.equal(Reading.of([OPENING, ...chunks]).stanzas[0]?.hasNestedStanza, expected, JSON.stringify(chunks));
  }
});

test('the nesting of elements is limited', () => {
  const nested = (levels: number): string => `${'<x>'.repeat(levels)}${'</x>'.repeat(levels)}`;
  assert.deepEqual(Reading.of([OPENING, nested(7)], { maxDepth: 8 }).events, ['header', 'element x']);
  assert.equal(Reading.of([OPENING, nested(8)], { maxDepth: 8 }).error?.condition, 'policy-violation');
  assert.equal(Reading.of([OPENING, '<x>'.repeat(8)], { maxDepth: 8 }).error?.condition, 'policy-violation', 'at the start tag already');
});

test('the number of elements before login is limited', () => {
  assert.equal(Reading.of([OPENING, '<iq/>'.repeat(7)], { maxElements: 8 }).error, null);
  assert.equal(Reading.of([OPENING, '<iq/>'.repeat(8)], { maxElements: 8 }).error?.condition, 'policy-violation');
  assert.equal(Reading.of([OPENING, `<iq>${'<a/>'.repeat(7)}`], { maxElements: 8 }).error?.condition, 'policy-violation');
});

test('the length of a stream before login is limited, whether elements are complete or not', () => {
  const iq = '<iq/>';
  const maxStreamBytes = OPENING.length + 2 * iq.length;
  assert.equal(Reading.of([OPENING, iq, iq], { maxStreamBytes }).error, null);
  for (const chunks of [[OPENING, iq, iq, ' '], [`${OPENING}${iq}${iq}${iq}`], [OPENING, iq, iq, '<'], [`${'<stream:stream '.padEnd(maxStreamBytes + 1)}`]]) {
    assert.equal(Reading.of(chunks, { maxStreamBytes }).error?.condition, 'policy-violation', JSON.stringify(chunks));
  }
});

const STANZA_LIMITS: Partial<ReaderLimits> = { maxStanzaBytes: 300, hardStanzaBytes: 400 };

/** A stanza of exactly this many bytes, half of its body in two-byte characters. */
function stanzaOf(bytes: number): string {
  const frame = '<message><thread>t</thread><body></body></message>';
  const content = bytes - frame.length;
  const wide = Math.floor(content / 4);
  return frame.replace('</body>', `${'\u00e9'.repeat(wide)}${'x'.repeat(content - 2 * wide)}</body>`);
}

test('a stanza may be as long as the limit in bytes, and one byte more is too much', () => {
  for (const [bytes, expected] of [
    [299, 'stanza message'],
    [300, 'stanza message'],
    [301, 'oversized message'],
    [399, 'oversized message'],
  ] as const) {
    const text = stanzaOf(bytes);
    assert.equal(Buffer.byteLength(text), bytes);
    for (const chunks of ways(`${text}<iq/>`)) {
      const reading = Reading.of([OPENING, ...chunks], STANZA_LIMITS);
      assert.deepEqual(reading.events, ['header', expected, 'stanza iq'], `${bytes}: ${JSON.stringify(chunks)}`);
    }
  }
});

test('white space before a stanza does not count against its limit', () => {
  for (const chunks of ways(`${' '.repeat(295)}${stanzaOf(300)}`)) {
    assert.deepEqual(Reading.of([OPENING, ...chunks], STANZA_LIMITS).events, ['header', 'stanza message'], JSON.stringify(chunks));
  }
});

test('a stanza over the hard limit ends the stream while it is still coming', () => {
  const reading = Reading.of([OPENING, '<message><body>', ...Array.from({ length: 386 }, () => 'x')], STANZA_LIMITS);
  assert.equal(reading.error?.condition, 'policy-violation');
  assert.equal(Reading.of([OPENING, '<message><body>', ...Array.from({ length: 385 }, () => 'x')], STANZA_LIMITS).error, null);
});

test('an attribute longer than the limit counts like any other text', () => {
  const tooLong = `<message to='a@b/c' x='${'y'.repeat(300)}'><thread>t</thread></message><iq/>`;
  for (const chunks of ways(tooLong)) {
    const reading = Reading.of([OPENING, ...chunks], STANZA_LIMITS);
    assert.deepEqual(reading.events, ['header', 'oversized message', 'stanza iq'], JSON.stringify(chunks));
    assert.equal(reading.oversized[0]?.to, 'a@b/c');
    assert.equal(reading.oversized[0]?.thread, 't');
  }
  assert.equal(Reading.of([OPENING, `<message x='`, ...'y'.repeat(400)], STANZA_LIMITS).error?.condition, 'policy-violation');
});

test('the parts of an oversized stanza that a bounce needs are kept, at any place', () => {
  const body = `<body>${'x'.repeat(300)}</body>`;
  const thread = '<thread>1&lt;2</thread>';
  const extension = `<opensrf osrf_xid='7'/>`;
  for (const order of [
    [extension, thread, body],
    [body, thread, extension],
    [thread, body, extension],
    [extension, body, thread],
  ]) {
    for (const chunks of ways(`<message to='a@b/c' id='1'>${order.join('')}</message>`)) {
      const reading = Reading.of([OPENING, ...chunks], STANZA_LIMITS);
      const [stanza] = reading.oversized as [Stanza];
      const where = JSON.stringify(chunks);
      assert.equal(reading.error, null, where);
      assert.equal(stanza.thread, '1&lt;2', where);
      assert.equal(stanza.transactionId, '7', where);
      stanza.from = 'd@e/f';
      const answer = readStanza(bounceWithoutContent(stanza, new StanzaError('policy-violation'))?.toXml() ?? '');
      assert.deepEqual([answer.from, answer.id, answer.thread, answer.transactionId], ['a@b/c', '1', '1&lt;2', '7'], where);
      assert.ok(stanza.inner.length < 200, where);
    }
  }
});

test('an oversized stanza must be well-formed to its end', () => {
  for (const text of ['</iq>', '</messages>', '<a></b></message>', '\u0001</message>', '<!-- --></message>', '&x;</message>', '</stream:stream>']) {
    for (const chunks of ways(text)) {
      const reading = Reading.of([OPENING, `<message>${'x'.repeat(300)}`, ...chunks], STANZA_LIMITS);
      assert.notEqual(reading.error, null, JSON.stringify(chunks));
      assert.deepEqual(reading.events, ['header'], JSON.stringify(chunks));
    }
  }
});

test('the end of a stream is reported once, and nothing after it is read', () => {
  for (const chunks of ways(`${OPENING}<iq/></stream:stream >garbage<`)) {
    assert.deepEqual(Reading.of(chunks).events, ['header', 'stanza iq', 'footer']);
  }
  assert.deepEqual(Reading.of([OPENING.replace(/>$/, '/>'), 'garbage']).events, ['header', 'footer']);
});

/** A reading whose reader begins a new stream behind each stanza called `restart`, and stops behind one called `stop`. */
class Obedient extends Reading {
  reader: StreamReader | null = null;

  override elementRead(element: Element): void {
    super.elementRead(element);
    if (element.name === 'restart') this.reader?.restart();
    if (element.name.startsWith('stop')) this.reader?.stop();
    if (element.name === 'stop-restart') this.reader?.restart();
  }

  read(chunks: readonly string[]): string[] {
    this.reader = new StreamReader(this, WIDE_LIMITS);
    for (const chunk of chunks) this.reader.write(chunk);
    return this.events;
  }
}

test('a new stream follows a restart, in the same text or another', () => {
  const text = `${OPENING}<restart>\u00e9</restart><?xml version='1.0'?>${OPENING}<iq/><restart/>${OPENING}<message/></stream:stream>`;
  for (const chunks of ways(text)) {
    const events = new Obedient().read(chunks);
    assert.deepEqual(
      events,
      ['header', 'element restart', 'header', 'stanza iq', 'element restart', 'header', 'stanza message', 'footer'],
      JSON.stringify(chunks),
    );
  }
});

test('after a stop nothing is read, even if the receiver then calls for a new stream', () => {
  for (const last of ['stop', 'stop-restart']) {
    for (const chunks of ways(`${OPENING}<iq/><${last}/>${OPENING}<message/><`)) {
      assert.deepEqual(new Obedient().read(chunks), ['header', 'stanza iq', `element ${last}`], JSON.stringify(chunks));
    }
  }
});

for (const start of ["<message to='a@b/c' from='d@e/f'><body>", '<message><body>']) {
  test(`a long text behind ${start} that comes byte by byte takes little more than its own length`, () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const reader = new StreamReader(new Reading(), WIDE_LIMITS);
    for (const text of [OPENING, start]) reader.write(text);
    collect();
    const before = process.memoryUsage().heapUsed;
    const length = cases(500_000, 100_000);
    for (let index = 0; index < length; index++) reader.write('x');
    collect();
    const taken = process.memoryUsage().heapUsed - before;
    assert.ok(taken < 6 * length, `${taken} bytes for ${length}`);
    reader.write('</body></message>');
  });
}
