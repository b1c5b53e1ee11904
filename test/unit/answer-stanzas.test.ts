import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withIdsOf } from '../../server/fixture/recording/answer-stanzas.ts';
import { readMessage } from '../../server/fixture/recording/read-message.ts';
import { fieldsOf, readStanza } from '../support/reading.ts';

const TO = { thread: 'x&lt;y', transactionId: `it's "2"`, threadTrace: '42', locale: 'en-US', apiLevel: 1 };
const BODY = '<body>[{"threadTrace":"7"},{&quot;threadTrace&quot; : 7,"content":"\\"threadTrace\\":\\"7\\""}]</body>';
const NEW_BODY = '<body>[{"threadTrace":"42"},{&quot;threadTrace&quot; : 42,"content":"\\"threadTrace\\":\\"7\\""}]</body>';
const IS = 'it&apos;s &quot;2&quot;';

const rows: readonly (readonly [what: string, recorded: string, answer: string])[] = [
  [
    'as OpenSRF writes it since 3.1',
    `<message><opensrf router_from='' osrf_xid='1'/><thread>t</thread>${BODY}</message>`,
    `<message><opensrf router_from='' osrf_xid='${IS}'/><thread>x&lt;y</thread>${NEW_BODY}</message>`,
  ],
  [
    'as OpenSRF wrote it before, in another order',
    `<message osrf_xid="1" x='2'>${BODY}<thread>t</thread></message>`,
    `<message osrf_xid="${IS}" x='2'>${NEW_BODY}<thread>x&lt;y</thread></message>`,
  ],
  [
    'with its extension behind the rest',
    `<message>${BODY}<thread>t</thread><opensrf osrf_xid='1'/></message>`,
    `<message>${NEW_BODY}<thread>x&lt;y</thread><opensrf osrf_xid='${IS}'/></message>`,
  ],
  [
    'with another transaction id',
    `<message><opensrf osrf_xid='11'/><thread>t</thread></message>`,
    `<message><opensrf osrf_xid='11'/><thread>x&lt;y</thread></message>`,
  ],
  ['without ids', `<message type='error'><thread/>${BODY}</message>`, `<message type='error'><thread/>${NEW_BODY}</message>`],
  ['without content', '<message/>', '<message/>'],
];

for (const [what, recorded, answer] of rows) {
  test(`a recorded stanza ${what} is sent with the ids of its request, and its fields equal its XML`, () => {
    const read = readMessage(recorded);
    const stanza = withIdsOf(read, '1', TO);
    assert.equal(stanza.toXml(), answer);
    assert.deepEqual(fieldsOf(stanza), fieldsOf(readStanza(answer)));
    // The next request gets its answer from the same one.
    assert.equal(read.toXml(), recorded);
  });
}
