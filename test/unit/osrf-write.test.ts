import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResultAssembler } from '../../shared/osrf/assemble.ts';
import { jsonObject, toJson } from '../../shared/osrf/json.ts';
import { type OsrfMessage, parseOsrfMessages } from '../../shared/osrf/message.ts';
import { bodyText, readBodyText } from '../../shared/osrf/read.ts';
import { orderStanza, osrfStanza, registrationStanza } from '../../shared/osrf/stanzas.ts';
import {
  aroundRouterResult,
  bodyOf,
  DEFAULT_ENVELOPE,
  FIRST_REQUEST,
  requestMessage,
  resultMessage,
  sessionMessage,
  statusBody,
} from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { fieldsOf, readStanza } from '../support/reading.ts';

const message = (data: object): object => ({ __c: 'osrfMessage', __p: data });
const parse = (...data: object[]) => parseOsrfMessages(JSON.stringify(data.map(message)));

test('a message is read with everything that an answer repeats', () => {
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

test('absent members of a message have their defaults', () => {
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

test('a body other than an array of OpenSRF messages yields none', () => {
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
    aroundRouterResult(request).join('["opensrf.settings","opensrf.math"]'),
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
  assert.equal(bodyText(readStanza('<message>x<a:y/><body>1</body></message>', ` xmlns:a='urn:a'`)), '1');
});

test('the body of a long stanza is the same in steps, wherever its pieces end', () => {
  const opening = `<opensrf router_from='' osrf_xid=''/><thread>t</thread>`;
  for (const content of [
    `${opening}<body>["&quot;x&amp;&#x20ac;&#13;é"]</body>`,
    `${opening}<subject/><body>plain</body>`,
    '<body></body><thread>t</thread>',
    '<body>a\r\nb</body>',
    '<body>a<![CDATA[<b>&amp;]]>c</body>',
    `<thread>t</thread>${opening}<body>1</body>`,
  ]) {
    const whole = readStanza(`<message>${content}</message>`);
    const { head, rest } = whole;
    for (let first = 1; first <= rest.length; first++) {
      for (const second of [first, first + 1, first + 7]) {
        const stanza = whole.copy();
        stanza.contentCame(head, rest.slice(0, first), [rest.slice(first, second), rest.slice(second)]);
        assert.equal(resultOf(readBodyText(stanza)), bodyText(whole), `${content}, cut at ${first} and ${second}`);
      }
    }
  }
});

function resultOf<Result>(steps: Generator<void, Result, void>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

test('a request has the members of OpenSRF’s C library in its order, without those that its envelope leaves empty', () => {
  const messages = [sessionMessage('CONNECT', '0'), requestMessage('1', 'add', [2, { __proto__: null, a: '\u00e9' }])];
  assert.equal(
    bodyOf(messages, { locale: 'fr-CA', ingress: 'srfsh', apiLevel: 2 }),
    '[{"__c":"osrfMessage","__p":{"threadTrace":"0","locale":"fr-CA","ingress":"srfsh","api_level":2,"type":"CONNECT"}},' +
      '{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"fr-CA","ingress":"srfsh","api_level":2,"type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":[2,{"a":"\\u00e9"}]}}}}]',
  );
  assert.equal(
    bodyOf([sessionMessage('DISCONNECT', '3')], { locale: 'en-US', ingress: '', apiLevel: 0 }),
    '[{"__c":"osrfMessage","__p":{"threadTrace":"3","locale":"en-US","type":"DISCONNECT"}}]',
  );
  assert.equal(
    bodyOf([resultMessage('1', 'osrfResult', 'OK', 200, '[1]')], DEFAULT_ENVELOPE),
    '[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","ingress":"opensrf","api_level":1,"type":"RESULT","payload":{"__c":"osrfResult","__p":{"status":"OK","statusCode":"200","content":[1]}}}}]',
  );
});

test('stanzas have the bytes of OpenSRF’s libraries since 3.1', () => {
  const addressing = { to: 'router@localhost/opensrf.math', from: 'opensrf@localhost/c', thread: '1&lt;2', transactionId: "'7'", form: 'child' } as const;
  assert.equal(
    osrfStanza(addressing, '["<&>"]').toXml(),
    "<message to='router@localhost/opensrf.math' from='opensrf@localhost/c'>" +
      "<opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid='&apos;7&apos;'/>" +
      '<thread>1&lt;2</thread><body>["&lt;&amp;&gt;"]</body></message>',
  );
  assert.equal(
    registrationStanza('unregister', 'router@localhost/router', 'opensrf@localhost/l', 'opensrf.math').toXml(),
    "<message to='router@localhost/router' from='opensrf@localhost/l'>" +
      "<opensrf router_from='' router_to='' router_class='opensrf.math' router_command='unregister' osrf_xid=''/><body>unregistering</body></message>",
  );
});

test('a stanza of our own has the fields that a reader finds in its XML', () => {
  const addressing = { to: 'a@localhost/x', from: 'router@localhost/y', thread: '1&lt;2', transactionId: `x'"<1`, form: 'child' } as const;
  const order = { router: 'router@localhost/router', sender: 'a@localhost/x', command: 'drain', className: `opensrf.'math'` } as const;
  const stanzas = [
    osrfStanza(addressing, '["<&>"]'),
    osrfStanza({ ...addressing, form: 'attributes' }, '["<&>"]'),
    osrfStanza({ ...addressing, thread: '' }, ''),
    osrfStanza({ ...addressing, thread: 'x'.repeat(1_024) }, ''),
    osrfStanza({ ...addressing, thread: 'x'.repeat(1_025) }, ''),
    orderStanza(order, 'a listener & another'),
    orderStanza(order, ''),
  ];
  for (const made of stanzas) assert.deepEqual(fieldsOf(readStanza(made.toXml())), fieldsOf(made), made.toXml());
  assert.equal(bodyText(stanzas[0] as Stanza), '["<&>"]');
});

test('results are assembled from their pieces, by class or by code, and text that is not JSON is passed on unchanged', () => {
  const assembler = new ResultAssembler();
  const take = (payloadClass: string, statusCode: number, content: string) =>
    assembler.take(parseOsrfMessages(bodyOf([resultMessage('1', payloadClass, '', statusCode, content)], DEFAULT_ENVELOPE))?.[0] as OsrfMessage);
  assert.deepEqual(take('osrfResult', 200, '[1]'), { kind: 'result', content: [1] });
  assert.deepEqual(take('osrfResultPartial', 200, '"{\\"a"'), { kind: 'piece' });
  assert.equal(assembler.incomplete, true);
  assert.deepEqual(take('osrfResult', 206, '"\\":1}"'), { kind: 'piece' });
  assert.deepEqual(take('osrfResultPartialComplete', 200, 'null'), { kind: 'result', content: { a: 1 } });
  assert.equal(assembler.incomplete, false);
  assert.deepEqual(take('osrfResult', 204, 'null'), { kind: 'broken', text: '' });
});
