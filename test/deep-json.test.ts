import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startControl } from '../server/control/control.ts';
import { ChopChopFixture } from '../server/fixture/fixture.ts';
import type { FixtureOptions } from '../server/fixture/options.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { OsrfError } from '../server/osrf/errors.ts';
import { escapeText } from '../shared/xml.ts';
import { temporaryFolder } from './support/command.ts';
import { cRequest } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';
import { recordingLog } from './support/server.ts';

const DOMAIN = 'localhost';
const DEEP = '['.repeat(20_000) + ']'.repeat(20_000);
const HOSTILE = '{"toString":1,"valueOf":[]}';

const message = (type: string, payload: string, trace = '"1"') =>
  `[{"__c":"osrfMessage","__p":{"threadTrace":${trace},"type":"${type}","payload":${payload}}}]`;
const call = (method: string, params: string) => `{"__c":"osrfMethod","__p":{"method":${method},"params":${params}}}`;
const outcome = (name: string, code: string, status: string, content: string) =>
  `{"__c":"${name}","__p":{"statusCode":${code},"status":${status},"content":${content}}}`;

/** Requests with a part that is nested too deeply, or that breaks a conversion to text. */
const REQUESTS: readonly string[] = [
  message('REQUEST', call(DEEP, '[]')),
  message('REQUEST', call(`{"a":${DEEP}}`, '[]')),
  message('REQUEST', call('"add"', DEEP)),
  message('REQUEST', call('"add"', `[${DEEP}]`)),
  message('REQUEST', call('"opensrf.system.echo"', `[${DEEP}]`)),
  message('REQUEST', call('"opensrf.settings.xpath.get"', `[${DEEP}]`)),
  message('REQUEST', call('"add"', '[1,1]'), DEEP),
  message('REQUEST', call(HOSTILE, HOSTILE), HOSTILE),
  message('REQUEST', DEEP),
  message('CONNECT', DEEP),
  DEEP,
  `{"a":${DEEP}}`,
];

/** Answers of a service, likewise. */
const ANSWERS: readonly string[] = [
  message('RESULT', outcome('osrfResult', '"200"', '"OK"', DEEP)),
  message('RESULT', outcome('osrfResultPartial', '"206"', '"OK"', DEEP)),
  message('RESULT', outcome('osrfResultPartial', '"206"', '"OK"', HOSTILE)),
  message('RESULT', outcome('osrfResultPartial', '"206"', '"OK"', JSON.stringify(DEEP))),
  message('RESULT', outcome('osrfResultPartialComplete', '"204"', '"OK"', 'null')),
  message('RESULT', outcome('osrfResult', HOSTILE, HOSTILE, HOSTILE)),
  message('STATUS', outcome('osrfStatus', DEEP, '"x"', 'null')),
  message('STATUS', outcome('osrfStatus', HOSTILE, HOSTILE, 'null')),
  message('STATUS', outcome('osrfConnectStatus', '"205"', HOSTILE, 'null')),
];

const SETTINGS = '<opensrf><default><a>1</a></default><hosts><localhost/></hosts></opensrf>';
const STUBS = JSON.stringify({
  service: 'opensrf.math',
  methods: {
    add: {
      cases: [
        { params: [{ $containing: { a: 1 } }], result: 1 },
        { params: [1, 1], result: { $param: 0 } },
      ],
    },
  },
});
const RECORDED = JSON.stringify({ service: 'opensrf.math', method: 'add', params: [1, 1], results: [2] });

/** A fixture with everything that looks into messages: settings, stubs or a replay, a recording, a fault, the console's trace. */
async function startAll(t: TestContext, options: FixtureOptions) {
  const folder = temporaryFolder(t);
  const settings = join(folder, 'opensrf.xml');
  writeFileSync(settings, SETTINGS);
  const log = recordingLog();
  const faults = [{ service: 'opensrf.math', params: [DEEP], drop: true as const }];
  const jabber = await ChopChopFixture.start({ ...options, settings: { file: settings }, record: join(folder, 'recording.ndjson'), faults, log });
  t.after(() => jabber.stop());
  const control = await startControl(jabber.server, { port: 0, anyPort: false, socket: null }, 'token-of-the-test', log);
  t.after(() => control.stop());
  const get = async (path: string) => {
    const response = await fetch(`${control.url}${path}`, { headers: { Authorization: 'Bearer token-of-the-test' } });
    return { status: response.status, text: await response.text() };
  };
  return { jabber, log, address: jabber.addresses[0] as BoundAddress, get };
}

const doubles: readonly (readonly [name: string, options: (t: TestContext) => FixtureOptions])[] = [
  ['stubs', (t) => ({ stubs: folderWith(t, 'math.json', STUBS) })],
  ['a replay', (t) => ({ replay: join(folderWith(t, 'math.ndjson', RECORDED), 'math.ndjson') })],
];

function folderWith(t: TestContext, name: string, content: string): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, name), content);
  return folder;
}

for (const [name, options] of doubles) {
  test(`too deeply nested requests do no harm: built-in settings, ${name}, a recording, faults, the trace`, async (t) => {
    const { jabber, log, address, get } = await startAll(t, options(t));
    const before = jabber.services();
    const alice = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'alice');
    for (const service of ['opensrf.math', 'opensrf.settings', 'router', 'opensrf.absent']) {
      for (const [index, body] of REQUESTS.entries()) alice.send(cRequest(`router@${DOMAIN}/${service}`, '', `${service}-${index}`, escapeText(body), 'x'));
      alice.send(cRequest(`router@${DOMAIN}/${service}`, '', `${service}-last`, escapeText(message('REQUEST', call('"add"', '[1,1]'))), 'x'));
      await alice.expect(new RegExp(`<thread>${service}-last</thread>`));
    }
    assert.equal(alice.ended, false);
    assert.match(alice.transcript, /opensrf\.math-0<\/thread><body>[^<]*"statusCode":"400"/, 'the client gets an answer');
    assert.deepEqual(jabber.services(), before);
    assert.equal(await jabber.request('opensrf.math', 'add', 1, 1), jabber.notRecorded.length > 0 ? 2 : 1);
    assert.ok(jabber.received().length > 0);
    assert.throws(() => jabber.verify({ service: 'opensrf.math', method: 'never' }), /Received requests/);
    const requests = await get('/api/v1/requests?details=yes&text=deep');
    assert.deepEqual([requests.status, (await get('/metrics')).status], [200, 200]);
    assert.match(requests.text, /TOO DEEPLY NESTED/);
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'error'),
      [],
    );
    assert.deepEqual([...jabber.server.guards.failures], []);
  });
}

test('too deeply nested answers and invalid statuses do no harm: the ledger, a recording, the trace, the client', async (t) => {
  const { jabber, log, address } = await startAll(t, {});
  const listener = await RawProgram.listen(t, address, 'opensrf.raw', DOMAIN);
  const bob = await (await Peer.connect(t, address)).login('opensrf', DOMAIN, 'bob');
  for (const [index, body] of ANSWERS.entries()) {
    bob.send(cRequest(`router@${DOMAIN}/opensrf.raw`, '', `t${index}`, escapeText(message('REQUEST', call('"m"', '[]'))), 'x'));
    const asked = await listener.asked();
    listener.peer.send(cRequest(asked.client, '', asked.thread, escapeText(body), 'x'));
    await bob.message();
  }
  const client = await jabber.connect();
  for (const body of ANSWERS) {
    const asked = client.request('opensrf.raw', 'm');
    const { client: who, thread } = await listener.asked();
    listener.peer.send(cRequest(who, '', thread, escapeText(body), 'x'));
    listener.peer.send(cRequest(who, '', thread, escapeText(message('STATUS', outcome('osrfConnectStatus', '"205"', '"done"', 'null'))), 'x'));
    await asked.catch((error: unknown) => assert.ok(error instanceof OsrfError));
  }
  assert.ok(!bob.ended && !listener.peer.ended);
  assert.ok(jabber.services().includes('opensrf.raw'));
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  );
  assert.deepEqual([...jabber.server.guards.failures], []);
});
