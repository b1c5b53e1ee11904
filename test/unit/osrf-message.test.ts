import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyText, FIRST_REQUEST, jsonObject, osrfStanza, parseOsrfMessages, routerResultBody, statusBody, toJson } from '../../shared/osrf-message.ts';
import { fieldsOf, readStanza } from '../support/reading.ts';

const message = (data: object): object => ({ __c: 'osrfMessage', __p: data });
const parse = (...data: object[]) => parseOsrfMessages(JSON.stringify(data.map(message)));

test('a message is read with all that an answer repeats', () => {
  const payload = { __c: 'osrfMethod', __p: { method: 'add', params: [1, 2] } };
  assert.deepEqual(parse({ type: 'REQUEST', threadTrace: '4', locale: 'fr-CA', ingress: 'srfsh', api_level: 2, payload }), [
    {
      type: 'REQUEST',
      threadTrace: '4',
      locale: 'fr-CA',
      ingress: 'srfsh',
      apiLevel: 2,
      payloadClass: 'osrfMethod',
      payload: { method: 'add', params: [1, 2] },
    },
  ]);
});

test('what a message leaves out has its default', () => {
  const plain = { type: 'CONNECT', threadTrace: '0', locale: 'en-US', ingress: '', apiLevel: 0, payloadClass: '', payload: {} };
  assert.deepEqual(parse({ type: 'CONNECT' }), [plain]);
  assert.deepEqual(parse({ type: 'CONNECT', threadTrace: null, locale: '', api_level: '1', payload: null }), [plain]);
  assert.deepEqual(parse({ type: 'CONNECT', threadTrace: {}, locale: 7, ingress: 7, api_level: 1.5, payload: { __c: 1, __p: {} } }), [plain]);
  assert.deepEqual(parse({ type: 'CONNECT', threadTrace: 12, payload: { __c: 'a', __p: 'text' } }), [{ ...plain, threadTrace: '12' }]);
});

test('several messages in one body come in order', () => {
  assert.deepEqual(
    parse({ type: 'CONNECT' }, { type: 'REQUEST' }, { type: 'DISCONNECT' })?.map(({ type }) => type),
    ['CONNECT', 'REQUEST', 'DISCONNECT'],
  );
});

test('a body that is no array of OpenSRF messages is none at all', () => {
  const bodies = [
    '',
    'registering',
    '[',
    'null',
    '1',
    '"text"',
    '{}',
    '[]',
    '[null]',
    '[1]',
    '[[]]',
    '[{}]',
    '[{"__c":"osrfMessage"}]',
    '[{"__c":"osrfMessage","__p":null}]',
    '[{"__c":"osrfMessage","__p":{}}]',
    '[{"__c":"osrfMessage","__p":{"type":"request"}}]',
    '[{"__c":"osrfMessage","__p":{"type":["REQUEST"]}}]',
    '[{"__c":"osrfMethod","__p":{"type":"REQUEST"}}]',
    '[{"__c":"osrfMessage","__p":{"type":"REQUEST"}},7]',
    '{"__c":"osrfMessage","__p":{"type":"REQUEST"}}',
  ];
  for (const body of bodies) assert.equal(parseOsrfMessages(body), null, body);
});

test('JSON is pure ASCII, as OpenSRF writes it', () => {
  assert.equal(toJson('\u00e9\u007f\u{1f431}\u2028\u0001"\\'), String.raw`"\u00e9\u007f\ud83d\udc31\u2028\u0001\"\\"`);
  assert.equal(toJson({ '\u00e9': [1, null, true] }), String.raw`{"\u00e9":[1,null,true]}`);
});

test('an object takes every key, in the order given', () => {
  const members = [
    ['b', '1'],
    ['10', '2'],
    ['9', '3'],
    ['__proto__', '4'],
    ['"\u00e9', '[]'],
  ] as const;
  assert.equal(jsonObject(members), String.raw`{"b":1,"10":2,"9":3,"__proto__":4,"\"\u00e9":[]}`);
  assert.equal(jsonObject([]), '{}');
});

test('bodies of answers have the bytes of the C router', () => {
  const request = { threadTrace: '4', locale: 'en-US', apiLevel: 1 };
  assert.equal(
    routerResultBody(request, '["opensrf.settings","opensrf.math"]'),
    '[{"__c":"osrfMessage","__p":{"threadTrace":"4","locale":"en-US","api_level":1,"type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":null,"statusCode":"0","content":["opensrf.settings","opensrf.math"]}}}}]',
  );
  assert.equal(
    statusBody(request, 'osrfConnectStatus', 'Request Complete', 205),
    '[{"__c":"osrfMessage","__p":{"threadTrace":"4","locale":"en-US","api_level":1,"type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]',
  );
  assert.doesNotMatch(statusBody({ ...request, apiLevel: 0 }, 'a', 'b', 1), /api_level/);
  assert.equal(parseOsrfMessages(statusBody(FIRST_REQUEST, 'osrfMethodException', '"\u00e9', 404))?.[0]?.payload['status'], '"\u00e9');
});

test('the body of a stanza is read with its references resolved', () => {
  assert.equal(bodyText(readStanza('<message><thread>t</thread><body>[&quot;&lt;&quot;<![CDATA[,"&"]]>]</body><body>2</body></message>')), '["<","&"]');
  assert.equal(bodyText(readStanza('<message><body/></message>')), '');
  assert.equal(bodyText(readStanza('<message/>')), '');
  assert.equal(bodyText(readStanza('<a:message>x<body>1</body></a:message>', ` xmlns:a='urn:a'`)), '1');
});

test('a stanza of our own reads back as what it was made from, in both forms', () => {
  for (const form of ['child', 'attributes'] as const) {
    const made = osrfStanza('a@localhost/x', 'router@localhost/y', form, `x'"<1`, '1&lt;2', '["<&>"]');
    const read = readStanza(made.toXml());
    assert.deepEqual(fieldsOf(read), fieldsOf(made));
    assert.equal(bodyText(read), '["<&>"]');
    assert.equal(made.legacyExtension, form === 'attributes');
    assert.equal(made.extensionStart !== -1, form === 'child');
  }
});
