import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { why } from '../server/cli/why.ts';
import type { ConfigInput } from '../server/config/config.ts';
import { startControl } from '../server/control/control.ts';
import { ChopChopFixture } from '../server/fixture/fixture.ts';
import { opensrfLine } from '../server/logging/line-formats.ts';
import { temporaryFolder } from './support/command.ts';
import { startControlledServer, TOKEN } from './support/control.ts';
import { cRequest, requestBody, statusBody } from './support/osrf.ts';
import { eventually } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';
import { recordingLog } from './support/server.ts';

const DOMAIN = 'private.localhost';
const MATH = `router@${DOMAIN}/opensrf.math`;
const CLIENT = `opensrf@${DOMAIN}/client`;

/** What `why` prints about the server at a URL, without times. */
function teller(t: TestContext, url: string | null) {
  const controlFile = join(temporaryFolder(t), 'control.json');
  writeFileSync(controlFile, JSON.stringify({ pid: process.pid, version: '', url, socket: null, token: TOKEN, c2s: [] }));
  return async (xid = 'last') => {
    const lines: string[] = [];
    await why({ xid, controlFile, config: null, host: null, port: null, log: null, json: false }, (line) => lines.push(line));
    return lines.map((line) =>
      line
        .replace(/\d+\.\d ms|\d+ ms/g, 'N ms')
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/, 'TIME')
        .replace(/ {2,}/g, ' ')
        .trim(),
    );
  };
}

async function setUp(t: TestContext, input: ConfigInput = {}) {
  const started = await startControlledServer(t, input);
  const client = await (await Peer.connect(t, started.address)).login('opensrf', DOMAIN, 'client');
  const ask = (to: string, thread: string) => client.send(cRequest(to, '', thread, requestBody('add'), `x-${thread}`));
  return { ...started, client, ask, told: teller(t, started.url) };
}

const HEAD = (thread: string) => `TIME, request 1 of session ${thread}, transaction x-${thread}`;
const HANDED = (listener: RawProgram) => `+N ms the router handed it to the listener ${listener.jid}`;

test('why: the service has answered with an error', async (t) => {
  const { address, client, ask, told } = await setUp(t);
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  ask(MATH, 'one');
  await listener.asked();
  listener.peer.send(cRequest(CLIENT, '', 'one', statusBody('the shelf is empty', '500')));
  await client.message();
  assert.deepEqual(await told(), [
    'opensrf.math add: failed 500 after N ms',
    HEAD('one'),
    `+N ms ${CLIENT} asked ${MATH}`,
    HANDED(listener),
    `+N ms ${listener.jid} answered`,
    'Time: N ms to the listener, N ms to the first sign of a worker, N ms to the end',
    'Why: The service answered with status 500: the shelf is empty',
    `Try: The log of opensrf.math says more: look for the worker ${listener.jid}, at the time above.`,
  ]);
});

test('why: the router has refused it, because no such service is there', async (t) => {
  const { client, ask, told } = await setUp(t);
  ask(`router@${DOMAIN}/opensrf.none`, 'one');
  await client.message();
  assert.deepEqual(await told('x-one'), [
    'opensrf.none add: refused 404 after N ms',
    HEAD('one'),
    `+N ms ${CLIENT} asked router@${DOMAIN}/opensrf.none`,
    `+N ms router@${DOMAIN}/opensrf.none refused it`,
    'Why: The router refused it: 404: Service opensrf.none is not registered with this router',
    'Try: Start the service. "opensrf-chopchop services" lists what is registered, "opensrf-chopchop doctor" checks the site.',
  ]);
});

test('why: its listener was lost', async (t) => {
  const { address, client, ask, told } = await setUp(t, { router: { lossGraceMs: 1 } });
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  ask(MATH, 'one');
  await listener.asked();
  listener.peer.stream.destroy();
  await client.message();
  const story = await told();
  assert.equal(story[0], 'opensrf.math add: lost 503 after N ms');
  assert.deepEqual(story.slice(-2), [
    `Why: The listener ${listener.jid} was lost before a worker answered: 503: Service opensrf.math lost its listener`,
    `Try: The process of ${listener.jid} ended, or lost its connection: see the log of opensrf.math.`,
  ]);
});

test('why: its client has left', async (t) => {
  const { address, server, client, ask, told } = await setUp(t);
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  ask(MATH, 'one');
  await listener.asked();
  client.stream.destroy();
  await eventually(() => server.sessions.size === 1, 'the client has left');
  const story = await told();
  assert.equal(story[0], 'opensrf.math add: lost after N ms');
  assert.deepEqual(story.slice(-2), [
    `Why: The client ${CLIENT} left before the answer was complete.`,
    'Try: The client gave up after N ms, or its process ended: see its log, and its time-outs.',
  ]);
});

test('why: it bounced', async (t) => {
  const { client, ask, told } = await setUp(t);
  ask(`opensrf@${DOMAIN}/gone`, 'one');
  await client.message();
  const story = await told();
  assert.match(story[0] as string, /^add: lost 503 after N ms$/);
  assert.ok(story.includes(`+N ms it bounced from opensrf@${DOMAIN}/gone`));
  assert.match(story.at(-2) as string, /^Why: It bounced from opensrf@private\.localhost\/gone: service-unavailable 503/);
  assert.equal(story.at(-1), 'Try: The addressee has no session any more. A client of a lost worker has to connect again.');
});

test('why: it waited for its worker, which was busy with another request', async (t) => {
  const { address, client, ask, told } = await setUp(t);
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  for (const thread of ['one', 'two']) {
    ask(MATH, thread);
    await listener.asked();
  }
  for (const thread of ['one', 'two']) {
    listener.peer.send(cRequest(CLIENT, '', thread, statusBody('the shelf is empty', '500')));
    await client.message();
  }
  const line = 'Waited: at least N ms of that for the worker, which was busy with opensrf.math add';
  assert.ok((await told('x-two')).includes(line));
  assert.ok(!(await told('x-one')).includes(line));
});

test('why: a test has injected a fault', async (t) => {
  const fixture = await ChopChopFixture.start({ log: recordingLog() });
  t.after(() => fixture.stop());
  const control = await startControl(fixture.server, { port: 0, anyPort: false, socket: null }, TOKEN, recordingLog());
  t.after(() => control.stop());
  fixture.fault({ service: 'opensrf.math', status: 500, text: 'no luck' });
  await assert.rejects(fixture.request('opensrf.math', 'add', 1));
  const story = await teller(t, control.url)();
  assert.deepEqual(story.slice(-2), [
    'Why: Injected fault "status". The router refused it: 500: no luck',
    'Try: A test has injected this fault: --fault, or fault() of a fixture.',
  ]);
});

test('why: what was forgotten by a limit is no failure', async (t) => {
  const { address, ask, told } = await setUp(t, { limits: { followedRequests: 1 } });
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  for (const thread of ['one', 'two']) {
    ask(MATH, thread);
    await listener.asked();
  }
  const story = await told('x-one');
  assert.equal(story[0], 'opensrf.math add: unseen after N ms');
  assert.match(story.at(-2) as string, /^Why: The server was too busy, or its limits too small.*This is no failure\.$/);
});

test('why: of a transaction all requests are listed, and the innermost failure is told', async (t) => {
  const { address, client, told } = await setUp(t);
  const outer = await RawProgram.listen(t, address, 'opensrf.outer');
  client.send(cRequest(`router@${DOMAIN}/opensrf.outer`, '', 'outer', requestBody('checkin'), 'x'));
  await outer.asked();
  outer.peer.send(cRequest(`router@${DOMAIN}/opensrf.none`, '', 'inner', requestBody('find'), 'x'));
  await outer.peer.message();
  outer.peer.send(cRequest(CLIENT, '', 'outer', statusBody('cannot find it', '500')));
  await client.message();
  const story = await told('x');
  assert.deepEqual(story.slice(0, 4), [
    'opensrf.outer checkin: failed 500 after N ms',
    'opensrf.none find: refused 404 after N ms',
    '',
    'opensrf.none find: refused 404 after N ms',
  ]);
});

test('why: a request without a transaction id is probably part of the only one that its client was busy with', async (t) => {
  const { address, client, told } = await setUp(t);
  const outer = await RawProgram.listen(t, address, 'opensrf.outer');
  const ask = (program: Peer, service: string, thread: string, xid = '') =>
    program.send(cRequest(`router@${DOMAIN}/${service}`, '', thread, requestBody(thread), xid));
  const answer = async (thread: string) => {
    outer.peer.send(cRequest(CLIENT, '', thread, statusBody('Request Complete', '205')));
    await client.message();
  };
  ask(client, 'opensrf.outer', 'outer', 'x');
  await outer.asked();
  ask(outer.peer, 'opensrf.none', 'inner');
  await outer.peer.message();
  await answer('outer');
  const story = [
    'opensrf.outer outer: ok after N ms',
    'opensrf.none inner: refused 404 after N ms (probable)',
    '',
    'opensrf.none inner: refused 404 after N ms',
    'TIME, request 1 of session inner, without a transaction id',
  ];
  assert.deepEqual((await told('x')).slice(0, 5), story);
  assert.deepEqual((await told()).slice(0, 5), story, 'from the last failure to the request that it was sent for');

  for (const thread of ['one', 'two']) {
    ask(client, 'opensrf.outer', thread, `x-${thread}`);
    await outer.asked();
  }
  ask(outer.peer, 'opensrf.none', 'of either');
  await outer.peer.message();
  for (const thread of ['one', 'two']) await answer(thread);
  assert.equal((await told('x-one'))[0], 'opensrf.outer one: ok after N ms', 'two were open: no guess');
  assert.equal((await told())[0], 'opensrf.none of either: refused 404 after N ms');
});

test('why says that nothing is remembered of a transaction', async (t) => {
  const { told } = await setUp(t);
  await assert.rejects(told('4711'), /no request with the transaction id 4711 is remembered/);
  await assert.rejects(told(), /no request is remembered/);
});

test('why: a member of a cluster that remembers nothing names the others', async (t) => {
  const cluster = { member: 'a', members: [{ name: 'b' }, { name: 'c' }] };
  const member = createServer(({ url }, response) => response.end(JSON.stringify(url === '/api/v1/server' ? { cluster } : { requests: [] })));
  await once(member.listen(0, '127.0.0.1'), 'listening');
  t.after(() => member.close());
  const told = teller(t, `http://127.0.0.1:${(member.address() as AddressInfo).port}`);
  await assert.rejects(told(), { message: 'no request is remembered at member a: ask the member of its client (b, c)' });
  await assert.rejects(told('4711'), /^CommandError: no request with the transaction id 4711 is remembered at member a: ask the member of its client/);
});

test('why: from a log in JSON or in OpenSRF’s format, of a transaction or of the last failed request', async (t) => {
  const file = join(temporaryFolder(t), 'log');
  const record = (fields: object) => JSON.stringify({ level: 40, time: 1_795_353_159_000, part: 'requests', ...fields, msg: 'request failed' });
  const failed = {
    service: 'opensrf.math',
    method: 'add',
    client: CLIENT,
    to: MATH,
    by: 'opensrf@x/opensrf.math_drone_1',
    reason: '500 the "shelf" is empty',
    xid: '77]',
  };
  const refused = {
    service: 'opensrf.none',
    method: 'add',
    client: CLIENT,
    to: `router@${DOMAIN}/opensrf.none`,
    reason: '404 Service opensrf.none is not registered',
    xid: '78',
  };
  const lost = { ...failed, by: MATH, reason: '503 Service opensrf.math lost its listener', xid: '79' };
  const bounced = { service: '', method: 'add', client: CLIENT, to: `opensrf@${DOMAIN}/gone`, reason: 'service-unavailable', xid: '80' };
  const records = [failed, refused, lost, bounced].map(record);
  const told = async (xid: string) => {
    const lines: string[] = [];
    await why({ xid, controlFile: null, config: null, host: null, port: null, log: file, json: false }, (line) => lines.push(line));
    return lines;
  };
  for (const [format, time] of [
    [(json: string) => json, '2026-11-22T13:12:39.000Z'],
    [opensrfLine('chopchop', 4711, false), opensrfLine('chopchop', 4711, false)(records[0] as string).split(' [')[0]],
  ] as const) {
    writeFileSync(file, `${['{"broken', 'no log line', ...records.map(format)].join('\n')}\n`);
    assert.deepEqual(await told('77]'), [
      'opensrf.math add: failed',
      `  ${time}, transaction 77]`,
      `  ${CLIENT} asked ${MATH}`,
      '  opensrf@x/opensrf.math_drone_1 answered',
      '  Why: 500 the "shelf" is empty',
      '  Try: The log of opensrf.math says more: look for the worker opensrf@x/opensrf.math_drone_1, at the time above.',
    ]);
    assert.match((await told('78')).join('\n'), /^opensrf\.none add: refused\n[\s\S]*Try: Start the service\./);
    assert.match((await told('79')).join('\n'), /^opensrf\.math add: lost\n[\s\S]*Try: The process of its listener ended/);
    assert.match((await told('last')).join('\n'), /^add: lost\n[\s\S]*Why: service-unavailable\n {2}Try: The addressee has no session any more/);
    await assert.rejects(told('81'), /has no failed request of the transaction 81/);
  }
});
