import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ChopChopFixture, type RecordedExchange, RecordingError, ServiceStatus, startChopChop } from '../server/index.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { temporaryFolder } from './support/command.ts';
import { attribute, cRequest, requestBody, sessionBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { complete, connected, RawProgram, result, status } from './support/raw-service.ts';

function linesOf(file: string): RecordedExchange[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** A raw client: its input, and the number of answers to it. */
type Step = readonly [service: string, body: string, answers: number];

/** A raw client's session as seen at its socket, without the addresses of the senders. */
async function play(t: TestContext, jabber: ChopChopFixture, thread: string, steps: readonly Step[]): Promise<string[]> {
  const [address] = jabber.addresses as [BoundAddress];
  const peer = await (await Peer.connect(t, address)).login('opensrf', 'localhost', `raw_${thread}`);
  const answers: string[] = [];
  let to = '';
  for (const [service, body, count] of steps) {
    if (service !== '') to = `router@localhost/${service}`;
    peer.send(cRequest(to, '', thread, body, `xid-${thread}`));
    for (let left = count; left > 0; left--) answers.push(await peer.message());
    if (body === sessionBody('CONNECT')) to = attribute(answers.at(-1) as string, 'from');
  }
  return answers.map((answer) => answer.replace(/ from='[^']*'/, ''));
}

test('a recorded session is replayed with identical bytes, from any client library', async (t) => {
  const file = join(temporaryFolder(t), 'session.ndjson');
  const steps: Step[] = [
    ['opensrf.stub', requestBody('count', [3], '1'), 1],
    ['opensrf.stub', requestBody('large', [], '2'), 5],
    ['opensrf.stub', requestBody('refuse', [], '3'), 1],
    ['opensrf.stub', requestBody('next', [], '4'), 1],
    ['opensrf.stub', requestBody('next', [], '5'), 1],
    ['opensrf.stub', sessionBody('CONNECT'), 1],
    ['', requestBody('next', [], '6'), 1],
    ['', sessionBody('DISCONNECT'), 0],
    ['opensrf.perl', requestBody('add', [1, '"threadTrace":"9"'], '7'), 2],
    ['opensrf.perl', requestBody('none', [], '8'), 1],
    ['opensrf.old', requestBody('attributes', [], '1'), 1],
    ['opensrf.perl', sessionBody('CONNECT'), 1],
  ];
  const recording = await startChopChop({ record: file });
  let number = 0;
  await recording.service('opensrf.stub', {
    *count(to: number) {
      for (let one = 1; one <= to; one++) yield one;
    },
    large: () => 'é"<&>'.repeat(4_000),
    refuse: () => {
      throw new ServiceStatus(403, 'not you');
    },
    next: () => ++number,
  });
  const perl = await RawProgram.listen(t, recording.addresses[0] as BoundAddress, 'opensrf.perl', 'localhost');
  const old = await RawProgram.listen(t, recording.addresses[0] as BoundAddress, 'opensrf.old', 'localhost');
  const answering = (async () => {
    const sum = await perl.asked();
    // Several messages of a session in stanzas of their own, numbers as numbers, members in odd orders.
    perl.answer(sum, result('Perl', sum.threadTrace, '"threadTrace":"9" & <more>'));
    perl.answer(sum, complete('Perl', sum.threadTrace));
    const none = await perl.asked();
    perl.transactionId = none.transactionId;
    perl.answer(none, status('Perl', none.threadTrace, 404, 'Method [none] not found for OpenSRF::Application::Test', 'osrfMethodException'));
    const asked = await old.asked();
    const body = `[{"__c":"osrfMessage","__p":{"threadTrace":"${asked.threadTrace}","type":"STATUS","payload":{"__c":"osrfConnectStatus","__p":{"status":"Request Complete","statusCode":"205"}}}}]`;
    old.peer.send(`<message to='${asked.client}' osrf_xid='${asked.transactionId}' x="1"><body>${body}</body><thread>${asked.thread}</thread></message>`);
    const connect = await perl.asked();
    perl.answer(connect, connected('Perl', connect.threadTrace));
  })();
  const recorded = await play(t, recording, 'a', steps);
  await answering;
  await recording.stop();
  const replaying = await startChopChop({ replay: file, replayMode: 'strict' });
  t.after(() => replaying.stop());
  assert.deepEqual(await play(t, replaying, 'a', steps), recorded);
  // Another session has other ids, and its answers bear them.
  const other = await play(
    t,
    replaying,
    'b',
    steps.slice(8, 10).map(([service, body, count]) => [service, body.replaceAll('"threadTrace":"7"', '"threadTrace":"1"'), count]),
  );
  assert.deepEqual(
    other.map((answer) => [attribute(answer, 'osrf_xid'), /<thread>(.*)<\/thread>/.exec(answer)?.[1], /"threadTrace":("?\d+)/.exec(answer)?.[1]]),
    [
      ['', 'b', '1'],
      ['', 'b', '1'],
      ['xid-b', 'b', '8'],
    ],
  );
  assert.match(other[0] as string, /\\"threadTrace\\":\\"9\\"/);
  assert.deepEqual(replaying.notRecorded, []);
});

test('a line has request and answer, without protected parameters; only the owner can read the file', async (t) => {
  const file = join(temporaryFolder(t), 'session.ndjson');
  const jabber = await startChopChop({ record: file, logProtect: ['open-ils.auth'] });
  await jabber.service('open-ils.auth', { 'open-ils.auth.login': (_name: string, _password: string) => 'token', 'never.ends': () => new Promise(() => {}) });
  const client = await jabber.connect();
  await client.request('open-ils.auth', 'open-ils.auth.login', 'admin', 'demo123');
  await client.request('absent', 'method', 1).catch(() => {});
  void client.request('open-ils.auth', 'never.ends').catch(() => {});
  await jabber.waitForRequest({ method: 'never.ends' });
  await jabber.stop();
  const [login, absent, open] = linesOf(file);
  const { time, ms, xid, from, worker, ...rest } = login as RecordedExchange;
  assert.deepEqual(rest, {
    to: 'router@localhost/open-ils.auth',
    service: 'open-ils.auth',
    type: 'REQUEST',
    method: 'open-ils.auth.login',
    params: '**PARAMS REDACTED**',
    state: 'complete',
    statusCode: 205,
    status: 'Request Complete',
    results: ['token'],
  });
  assert.match(time, /^\d{4}-.*Z$/);
  assert.ok(ms > 0 && xid !== '' && from === client.jid && /_drone_/.test(worker));
  assert.equal(readFileSync(file, 'utf8').includes('demo123'), false);
  assert.deepEqual([absent?.state, absent?.statusCode, absent?.params], ['refused', 404, [1]]);
  assert.deepEqual([open?.method, open?.state, open?.results], ['never.ends', 'abandoned', []]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  // A protected method gives its recorded answer for any parameters.
  await using replaying = await startChopChop({ replay: file });
  assert.equal(await replaying.request('open-ils.auth', 'open-ils.auth.login', 'else', 'other'), 'token');
  assert.deepEqual(replaying.services(), ['open-ils.auth']);
});

test('a request that is not in a recording gets status 404, or in lenient mode another answer of the method; both are reported', async (t) => {
  const file = join(temporaryFolder(t), 'by-hand.ndjson');
  const lines = [
    { service: 'opensrf.math', method: 'add', params: [{ b: 1, a: 2 }], results: [3] },
    { service: 'opensrf.math', method: 'add', params: [{ b: 1, a: 2 }], results: [4] },
    { service: 'opensrf.math', method: 'any', results: [] },
    { service: 'opensrf.math', method: 'bad', params: [], state: 'refused', statusCode: 400, status: 'bad', results: [1] },
  ];
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n\n`).join(''));
  await using strict = await startChopChop({ replay: file, replayMode: 'strict' });
  const answers: unknown[] = [];
  for (let number = 0; number < 3; number++) answers.push(await strict.request('opensrf.math', 'add', { a: 2, b: 1 }));
  assert.deepEqual(answers, [3, 4, 4]);
  assert.equal(await strict.request('opensrf.math', 'any', 'thing'), undefined);
  await assert.rejects(strict.request('opensrf.math', 'bad'), /400 bad/);
  await assert.rejects(strict.request('opensrf.math', 'add', 7), /404 the recording has no add with these parameters; nearest: params\[0\]: /);
  const [missed] = strict.notRecorded;
  assert.deepEqual([missed?.service, missed?.method, missed?.params, missed?.answered], ['opensrf.math', 'add', [7], '404']);
  assert.match(missed?.differences.join() ?? '', /^params\[0\]: expected .*, got 7$/);
  assert.equal(await strict.request('opensrf.math', 'opensrf.system.echo', 'x'), 'x');
  await using lenient = await startChopChop({ replay: file });
  assert.equal(await lenient.request('opensrf.math', 'add', 7), 3);
  await assert.rejects(lenient.request('opensrf.math', 'sub', 7), /404/);
  assert.deepEqual(
    lenient.notRecorded.map(({ method, answered }) => [method, answered]),
    [
      ['add', 'another'],
      ['sub', '404'],
    ],
  );
});

test('a recording is never overwritten, and two recorders never share a file', async (t) => {
  const file = join(temporaryFolder(t), 'session.ndjson');
  const recording = await startChopChop({ record: file });
  const refused = { name: 'RecordingError', message: `${file}: exists already, and a recording is never overwritten: remove it, or name another file` };
  await assert.rejects(startChopChop({ record: file }), refused);
  await recording.request('router', 'opensrf.router.info.class.list');
  await recording.stop();
  const content = readFileSync(file, 'utf8');
  await assert.rejects(startChopChop({ record: file }), refused);
  assert.equal(readFileSync(file, 'utf8'), content);
});

test('a recording that cannot be read or written is refused with file and line, and leaves no server behind', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'broken.ndjson');
  const refused = async (content: string, message: RegExp) => {
    writeFileSync(file, content);
    await assert.rejects(startChopChop({ replay: file }), (error) => error instanceof RecordingError && message.test(error.message));
  };
  await refused('{"service":"a","method":"b"}\n{', /broken\.ndjson:2: no JSON/);
  await refused('[]', /broken\.ndjson:1: not an object/);
  await refused('{"method":"b"}', /broken\.ndjson:1: "service" is missing or has the wrong type/);
  await refused('{"service":"a","method":"b","results":4}', /"results" is missing or has the wrong type/);
  await refused('{"service":"a","stanzas":[{}]}', /"stanzas" is missing or has the wrong type/);
  const stanza = (inner: string, attributes = '') => `\n${JSON.stringify({ service: 'a', stanzas: [{ inner: '<body/></message>' }, { attributes, inner }] })}`;
  await refused(stanza('<body></message>'), /broken\.ndjson:2: stanza 2 cannot be sent: .*unexpected close tag/);
  await refused(stanza('<!-- --></message>'), /:2: stanza 2 cannot be sent: a comment/);
  await refused(stanza('</message>', " x='1' x='2'"), /:2: stanza 2 cannot be sent: .*duplicate attribute/);
  for (const inner of ['<body/>', '</message><message/>', '</message></stream:stream>', '</message><x'])
    await refused(stanza(inner), /:2: stanza 2 cannot be sent: not exactly one complete <message>/);
  await refused(stanza('</messages>', 's'), /:2: stanza 2 cannot be sent: not exactly one complete <message>/);
  await assert.rejects(startChopChop({ replay: join(folder, 'none') }), /none: cannot be read: ENOENT/);
  await assert.rejects(startChopChop({ record: join(folder, 'no/where') }), /no\/where: cannot be written: ENOENT/);
});
