import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StanzaError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { bounce, mayBounce } from '../../shared/osrf/bounce.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { readStanza } from '../support/reading.ts';

const unavailable = new StanzaError('service-unavailable');

function from(sender: string, xml: string): Stanza {
  const stanza = readStanza(xml);
  stanza.from = sender;
  return stanza;
}

test('a bounce has the shape every OpenSRF library understands', () => {
  const children = `<opensrf router_from="" osrf_xid="7"/><thread>t1</thread><body>[&lt;]</body>`;
  const answer = bounce(from('opensrf@localhost/c', `<message to="Router@LOCALHOST/opensrf.math" id="9">${children}</message>`), unavailable);
  assert.equal(
    answer?.toXml(),
    `<message to='opensrf@localhost/c' from='Router@LOCALHOST/opensrf.math' type='error' id='9'>${children}` +
      `<error code='503' type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error></message>`,
  );
});

test('a bounce keeps the extension of an old stanza, and its thread', () => {
  const answer = bounce(from('a@localhost/c', `<message to='b@localhost/d' osrf_xid='7' xml:lang='en'><thread>t</thread></message>`), unavailable);
  assert.match(answer?.toXml() ?? '', /^<message to='a@localhost\/c' from='b@localhost\/d' type='error' osrf_xid='7' xml:lang='en'><thread>t<\/thread><error /);
  assert.equal(answer?.thread, 't');
});

test('a stanza without content, and one whose content looks like an end tag, bounce whole', () => {
  const error = unavailable.toXml();
  assert.equal(bounce(from('a@b/c', `<message to='d@e/f'/>`), unavailable)?.toXml(), `<message to='a@b/c' from='d@e/f' type='error'>${error}</message>`);
  const body = '<body><![CDATA[</message></body>]]></body>';
  assert.match(
    bounce(from('a@b/c', `<message to='d@e/f'>${body}</message\n>`), unavailable)?.toXml() ?? '',
    new RegExp(`>${quoted(body)}<error .*</message>$`),
  );
  readStanza(bounce(from('a@b/c', `<message to='d@e/f'>${body}</message>`), unavailable)?.toXml() ?? '');
});

test('a bounce leaves out content that would mislead a client, and its body says why', () => {
  const stanza = from('a@b/c', `<message to='d@e/f'><opensrf osrf_xid='7'/><thread>t</thread><x><message/></x></message>`);
  const answer = bounce(stanza, new StanzaError('not-acceptable', 'no'))?.toXml() ?? '';
  assert.doesNotMatch(answer, /<x>/);
  assert.match(answer, /osrf_xid='7'\/><thread>t<\/thread><body>\[.*"osrfStatus","__p":\{"status":"no","statusCode":"406"\}.*<\/body><error /);
  assert.equal(readStanza(answer).hasNestedStanza, false);
});

test('errors, answers, presence and stanzas without a sender are never bounced', () => {
  const rows: readonly (readonly [xml: string, sender: string, may: boolean])[] = [
    ['<message/>', 'a@b/c', true],
    [`<message type='chat'/>`, 'a@b/c', true],
    [`<message type='error'/>`, 'a@b/c', false],
    ['<message/>', '', false],
    [`<iq type='get'/>`, 'a@b/c', true],
    [`<iq type='set'/>`, 'a@b/c', true],
    [`<iq type='result'/>`, 'a@b/c', false],
    [`<iq type='error'/>`, 'a@b/c', false],
    ['<iq/>', 'a@b/c', true],
    ['<presence/>', 'a@b/c', false],
  ];
  for (const [xml, sender, may] of rows) {
    assert.equal(mayBounce(from(sender, xml)), may, xml);
    assert.equal(bounce(from(sender, xml), unavailable) !== null, may, xml);
  }
});

test('an error names type, legacy code, condition and text', () => {
  assert.equal(
    new StanzaError('policy-violation', 'too <large>').toXml(),
    `<error code='406' type='modify'><policy-violation xmlns='${NS.stanzaErrors}'/><text xmlns='${NS.stanzaErrors}'>too &lt;large&gt;</text></error>`,
  );
});

function quoted(text: string): string {
  return text.replace(/[[\](){}.*+?^$|\\/!]/g, '\\$&');
}
