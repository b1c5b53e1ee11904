import assert from 'node:assert/strict';
import { test } from 'node:test';
import { header, Peer } from './support/peer.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'localhost';
const HEADER = header(DOMAIN);
const LOGIN = `<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>password</password><resource>mallory</resource></query></iq>`;
const TO_ALICE = `<message to='opensrf@${DOMAIN}/alice'>`;
const LAUGHS = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, level) => `<!ENTITY lol${level + 1} "${`&lol${level === 0 ? '' : level};`.repeat(10)}">`).join('')}]>`;

/** Its place: the text before and after it. */
const PLACES: Readonly<Record<string, readonly [before: string, behind: string]>> = {
  'before the stream': ['', HEADER],
  'before login': [HEADER, LOGIN],
  'in the element that is to log in': [`${HEADER}<iq id='1' type='set'><query xmlns='jabber:iq:auth'>`, '</query></iq>'],
  'in the password': [`${HEADER}<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>`, '</password></query></iq>'],
  'after login': [HEADER + LOGIN, `${TO_ALICE}</message>`],
  'in a stanza': [HEADER + LOGIN + TO_ALICE, '</message>'],
  'in a body': [`${HEADER}${LOGIN}${TO_ALICE}<body>`, '</body></message>'],
};

const bytes = (...values: number[]) => Buffer.from(values);

const RESTRICTED = ['restricted-xml'];
/** Between stanzas its "&" alone is forbidden text. */
const REFERENCE = ['not-well-formed', 'bad-format'];
const ENCODING = ['unsupported-encoding'];
/** Behind the start of a document they are not even well-formed, and that may be seen first. */
const MISPLACED = ['restricted-xml', 'not-well-formed'];

const FAULTS: Readonly<Record<string, readonly [text: string | Buffer, conditions: readonly string[]]>> = {
  'a DOCTYPE': ['<!DOCTYPE a>', MISPLACED],
  'a billion laughs': [LAUGHS, MISPLACED],
  'an external entity': ['<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', MISPLACED],
  'a processing instruction': ['<?php exit ?>', RESTRICTED],
  'a comment': ['<!-- a -->', RESTRICTED],
  'two XML declarations': ["<?xml version='1.0'?><?xml version='1.0'?>", MISPLACED],
  'XML 1.1': ["<?xml version='1.1'?>", MISPLACED],
  'a declaration of UTF-16': ["<?xml version='1.0' encoding='utf-16'?>", ['unsupported-encoding', ...MISPLACED]],
  'an undeclared entity': ['&lol;', REFERENCE],
  'an entity of HTML': ['&nbsp;', REFERENCE],
  'a reference to NUL': ['&#0;', REFERENCE],
  'a reference to a surrogate': ['&#xD800;', REFERENCE],
  'a reference beyond Unicode': ['&#x110000;', REFERENCE],
  'a byte that is never in UTF-8': [bytes(0xff), ENCODING],
  'an overlong form': [bytes(0xc0, 0xaf), ENCODING],
  'an overlong NUL': [bytes(0xc0, 0x80), ENCODING],
  'a pair of surrogates': [bytes(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80), ENCODING],
  'a character beyond Unicode': [bytes(0xf4, 0x90, 0x80, 0x80), ENCODING],
  'a continuation of nothing': [bytes(0x80), ENCODING],
  'half a character': [bytes(0xe4, 0xbd), ENCODING],
  'UTF-16': [Buffer.from('\ufeff<a/>', 'utf16le'), ENCODING],
};

/** In one piece, and each byte alone. */
const WAYS: readonly ((peer: Peer, text: Buffer) => void)[] = [
  (peer, text) => peer.send(text),
  (peer, text) => {
    for (let index = 0; index < text.length; index++) peer.send(text.subarray(index, index + 1));
  },
];

for (const [what, [fault, conditions]] of Object.entries(FAULTS)) {
  test(`${what} ends the stream with ${conditions.join(' or ')}, at any place and in any pieces, and is never delivered`, async (t) => {
    const { server, address, log } = await startServer(t, { domains: [DOMAIN], limits: { failedLogins: 1_000 } });
    const alice = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'alice');
    for (const [place, [before, behind]] of Object.entries(PLACES)) {
      for (const send of WAYS) {
        const mallory = Peer.inMemory(server);
        send(mallory, Buffer.concat([Buffer.from(before), Buffer.from(fault), Buffer.from(behind)]));
        await mallory.closed();
        mallory.stream.end();
        const [, condition = 'none'] = /<stream:error><([a-z-]+) [^>]*>.*<\/stream:stream>$/.exec(mallory.transcript) ?? [];
        assert.ok(conditions.includes(condition), `${place}: ${mallory.transcript}`);
      }
    }
    alice.send(`<iq type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>`);
    assert.equal(await alice.expect("id='ping'/>"), `<iq to='opensrf@${DOMAIN}/alice' from='opensrf@${DOMAIN}' type='result' id='ping'/>`);
    assert.equal(server.sessionCount, 1);
    assert.ok(log.lines.every(({ level }) => level !== 'error'));
  });
}
