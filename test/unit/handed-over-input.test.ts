import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteInput } from '../../server/net/byte-input.ts';
import { WITHOUT_PAUSE } from '../../shared/reader/pace.ts';
import { OWN_LIMITS, type SessionReceiver } from '../../shared/reader/stream-receiver.ts';

const HEADER = "<?xml version='1.0'?><s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' xmlns:p='urn:p' to='localhost'>";
const CHILDREN = [
  `<message to='a@b/c' from='d@e/f'><opensrf osrf_xid='1'/><thread>t</thread><body>{&quot;ä€𝄞&quot;: 1} ]] &amp; &#228;</body></message>`,
  ` \n<message to='a@b/c' p:x="1"><p:y><![CDATA[<ä>]]></p:y><thread>u</thread></message>`,
  `<r xmlns='urn:xmpp:sm:3'><h>ä</h></r>`,
  `<iq type='get' id='1'/>`,
];

/** Notes all that it reads. */
function recorder(): { readonly receiver: SessionReceiver; readonly read: string[] } {
  const read: string[] = [];
  const receiver: SessionReceiver = {
    reads: 'stanzas',
    headerRead: () => {},
    footerRead: () => read.push('the end'),
    stanzaRead: (stanza, namespace) => read.push(`${namespace} ${stanza.thread} ${stanza.toXml()}`),
    oversizedStanzaRead: () => read.push('too long'),
    elementRead: (element) => read.push(JSON.stringify(element)),
  };
  return { receiver, read };
}

/** Another input goes on behind this one without a parser, until it needs one. */
const USUAL = "<stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

for (const [what, header, children, footer] of [
  ['prefixes', HEADER, CHILDREN, '</s:stream>'],
  ['the usual header', USUAL, CHILDREN.map((child) => child.replace(' p:x', ' xmlns:p="urn:p" p:x')), '</stream:stream>'],
] as const)
  test(`an input goes on in another one at any byte, in any shape of stanza, after ${what}`, () => {
    const bytes = Buffer.from(`${header}${children.join('')}${footer}`);
    const whole = recorder();
    new ByteInput(whole.receiver, OWN_LIMITS, WITHOUT_PAUSE).read(bytes);
    assert.equal(whole.read.length, children.length + 1);
    for (let cut = Buffer.byteLength(header); cut <= bytes.length - 1; cut++) {
      const { receiver, read } = recorder();
      const before = new ByteInput(receiver, OWN_LIMITS, WITHOUT_PAUSE);
      before.read(bytes.subarray(0, cut));
      const after = new ByteInput(recorder().receiver, OWN_LIMITS, WITHOUT_PAUSE);
      after.restore(JSON.parse(JSON.stringify(before.save())), receiver, OWN_LIMITS);
      after.read(bytes.subarray(cut));
      assert.deepEqual(read, whole.read, `cut at ${cut}`);
    }
  });

test('the text of a stanza over the limit is not kept, so that no other input can go on with it', () => {
  const { receiver } = recorder();
  const input = new ByteInput(receiver, { ...OWN_LIMITS, maxStanzaBytes: 20 }, WITHOUT_PAUSE);
  input.read(Buffer.from(`${HEADER}<iq type='get'><query>too long, so it is skipped`));
  assert.equal(input.save(), null);
  input.read(Buffer.from('</query></iq>'));
  assert.equal(input.save()?.text, '');
});
