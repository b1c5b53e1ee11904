import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionReport } from '../server/control/sessions.ts';
import type { TraceBatch } from '../server/control/trace/batch.ts';
import type { TraceEntry, TraceSummary } from '../server/control/trace/trace-entry.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { LOGIN, posted, startControlledServer, startMath, watchEvents } from './support/control.ts';
import { cRequest, requestBody, resultBody, sessionBody, statusBody } from './support/osrf.ts';
import { eventually } from './support/patience.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';

type Batch = TraceBatch & { readonly unseen: number; readonly leftOut: number };

const CALL_ADD = posted({ service: 'opensrf.math', method: 'add', params: [2, 3] });

test('a request is shown live and remembered: client, listener, worker, times', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started, 1);
  const events = await watchEvents(t, started);
  const { client } = await started.json('/api/v1/call', CALL_ADD);
  const batch = await events.next<Batch>('trace', ({ requests }) => requests.some(({ state }) => state === 'complete'));
  const [summary] = batch.requests as [TraceSummary];
  const listener = service.listener.jid;
  const worker = service.workers[0]?.jabber.jid;
  assert.deepEqual(
    [summary.service, summary.method, summary.client, summary.listener, summary.worker, summary.statusCode],
    ['opensrf.math', 'add', client, listener, worker, 205],
  );
  assert.ok(summary.durationMs !== null && summary.durationMs > 0);
  const { detail } = (await started.json(`/api/v1/requests/${summary.id}`)) as unknown as TraceEntry;
  const address = 'router@private.localhost/opensrf.math';
  assert.deepEqual(
    detail.steps.map(({ kind, from, to }) => [kind, from, to]),
    [
      ['asked', client, address],
      ['handed', address, listener],
      ['answer', worker, client],
    ],
  );
  const times = detail.steps.map(({ at }) => at);
  assert.deepEqual(times, [...times].sort());
  assert.deepEqual(
    [detail.params, detail.results],
    [
      { json: '[2,3]', length: 5, redacted: false },
      { json: '[5]', length: 3, redacted: false },
    ],
  );
  assert.equal((await started.call('/api/v1/requests/4711')).status, 404);
});

test('a new watcher first gets past requests if requested; they can be searched and cleared', async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 1);
  for (const params of [
    [2, 3],
    [4, 5],
  ])
    await started.json('/api/v1/call', posted({ service: 'opensrf.math', method: 'add', params }));
  await started.json('/api/v1/call', posted({ service: 'opensrf.math', method: 'fail' }));
  const events = await watchEvents(t, started, '?past=2');
  const { requests } = await events.next<Batch>('trace', () => true);
  assert.deepEqual(
    requests.map(({ method, state }) => [method, state]),
    [
      ['add', 'complete'],
      ['fail', 'refused'],
    ],
  );
  const found = async (query: string) => ((await started.json(`/api/v1/requests?${query}`))['requests'] as TraceSummary[]).length;
  assert.deepEqual(
    await Promise.all(['', 'status=failed', 'text=shelf', 'text=%5B4%2C5', 'method=a*', 'limit=1', 'jid=nobody'].map(found)),
    [3, 1, 1, 1, 2, 1, 0],
  );
  assert.equal((await started.call('/api/v1/requests?status=maybe')).status, 400);
  assert.equal((await started.call('/api/v1/requests?slowerThan=x')).status, 400);
  assert.equal((await started.call('/api/v1/requests?limit=0')).status, 400);
  assert.equal((await started.call('/api/v1/events?past=x')).status, 400);
  await started.call('/api/v1/requests', { method: 'DELETE' });
  assert.equal(await found(''), 0);
});

test('unanswered and bounced requests are shown', async (t) => {
  const started = await startControlledServer(t);
  const silent = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'silent');
  silent.send(`<message to='router@private.localhost/router'><opensrf router_command='register' router_class='opensrf.silent'/><body/></message>`);
  const alice = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'alice');
  const body = (type: string) =>
    `[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"${type}","payload":{"__c":"osrfMethod","__p":{"method":"sleep","params":[]}}}}]`;
  alice.send(`<message to='router@private.localhost/opensrf.silent'><thread>one</thread><body>${body('REQUEST')}</body></message>`);
  await silent.message();
  alice.send(`<message to='opensrf@private.localhost/gone'><thread>two</thread><body>${body('REQUEST')}</body></message>`);
  await alice.message();
  const { requests } = (await started.json('/api/v1/requests')) as unknown as { requests: TraceSummary[] };
  assert.deepEqual(
    requests.map(({ thread, state, statusCode, durationMs }) => [thread, state, statusCode, durationMs === null]),
    [
      ['two', 'bounced', 503, false],
      ['one', 'open', 0, true],
    ],
  );
});

test('neither parameters nor results of a protected method are remembered', async (t) => {
  const started = await startControlledServer(t, { logProtect: ['opensrf.math.login'] });
  await startMath(t, started, 1);
  const { results } = await started.json('/api/v1/call', posted({ service: 'opensrf.math', method: 'opensrf.math.login', params: ['alice', 'wonderland'] }));
  assert.match(JSON.stringify(results), /wonderland/, 'the caller gets them');
  const remembered = await started.json('/api/v1/requests?details=yes');
  assert.doesNotMatch(JSON.stringify(remembered), /wonderland/);
  assert.match(JSON.stringify(remembered), /PARAMS REDACTED/);
});

test('a message that is nested too deeply for the trace is delivered unharmed', async (t) => {
  const started = await startControlledServer(t);
  const service = await startMath(t, started, 1);
  const alice = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'alice');
  const bomb = '['.repeat(100_000) + ']'.repeat(100_000);
  const body = `[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":[${bomb}]}}}}]`;
  alice.send(`<message to='router@private.localhost/opensrf.math'><thread>deep</thread><body>${body}</body></message>`);
  await alice.message();
  assert.ok(service.listener.open && service.workers.every(({ jabber }) => jabber.open) && !alice.ended);
  const { requests } = (await started.json('/api/v1/requests?details=yes')) as unknown as { requests: TraceEntry[] };
  assert.deepEqual(
    requests.map(({ detail }) => detail.params.json),
    ['["**TOO DEEPLY NESTED TO BE KEPT**"]'],
  );
});

test('requests from a component’s many addresses are followed, and given up when it ends', async (t) => {
  const components = { port: 0, secrets: new Map([['gate.localhost', 'secret']]) };
  const trustedClients = new Map([['private.localhost', ['private.localhost', 'gate.localhost']]]);
  const started = await startControlledServer(t, { components, router: { trustedClients } });
  await startMath(t, started, 1);
  const gate = await (await Peer.connect(t, started.server.listening.components[0] as BoundAddress)).handshake('gate.localhost', 'secret');
  const ask = (user: string, service: string) => {
    const body = `[{"__c":"osrfMessage","__p":{"threadTrace":"1","type":"REQUEST","payload":{"__c":"osrfMethod","__p":{"method":"add","params":[1,1]}}}}]`;
    gate.send(`<message from='${user}@gate.localhost/x' to='router@private.localhost/${service}'><thread>${user}</thread><body>${body}</body></message>`);
  };
  ask('alice', 'opensrf.math');
  await gate.message();
  const silent = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'silent');
  silent.send(`<message to='router@private.localhost/router'><opensrf router_command='register' router_class='opensrf.silent'/><body/></message>`);
  silent.send(`<iq type='get' id='settled' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await silent.expect(/settled/);
  ask('bob', 'opensrf.silent');
  await silent.message();
  const { sessions } = (await started.json('/api/v1/sessions')) as unknown as { sessions: SessionReport[] };
  assert.deepEqual([sessions.at(-2)?.jid, sessions.at(-2)?.role, sessions.at(-2)?.transport], ['gate.localhost', 'component', 'tcp']);
  gate.send('</stream:stream>');
  await gate.closed();
  const { requests } = (await started.json('/api/v1/requests')) as unknown as { requests: TraceSummary[] };
  assert.deepEqual(
    requests.map(({ client, state }) => [client, state]),
    [
      ['bob@gate.localhost/x', 'abandoned'],
      ['alice@gate.localhost/x', 'complete'],
    ],
  );
});

test('without watchers all requests are remembered, also at a high rate', async (t) => {
  const started = await startControlledServer(t);
  await startMath(t, started, 4);
  const client = await OsrfClient.connect({ ...LOGIN, ...started.address, resource: 'busy' });
  t.after(() => client.close());
  const requests = 1_000;
  for (let n = 0; n < requests; n += 50) await Promise.all(Array.from({ length: 50 }, (_, index) => client.request('opensrf.math', 'add', n + index, 0)));
  const { requests: remembered, unseen } = await started.json('/api/v1/requests?method=add&limit=5000');
  assert.deepEqual([(remembered as unknown[]).length, unseen], [requests, 0]);
});

test("a worker's stanza after the end of a request is a step of it: another completion is late, status 408 a timeout", async (t) => {
  const started = await startControlledServer(t);
  const service = await RawProgram.listen(t, started.address, 'opensrf.math');
  const client = await (await Peer.connect(t, started.address)).login('opensrf', 'private.localhost', 'client');
  const address = 'router@private.localhost/opensrf.math';
  const jid = 'opensrf@private.localhost/client';
  const answer = (thread: string, body: string) => service.peer.send(cRequest(jid, '', thread, body));
  const stepsOf = async (thread: string) => {
    const { requests } = (await started.json('/api/v1/requests')) as unknown as { readonly requests: readonly TraceSummary[] };
    const id = requests.find((summary) => summary.thread === thread)?.id;
    const { detail } = (await started.json(`/api/v1/requests/${id}`)) as unknown as TraceEntry;
    return detail.steps.map(({ kind, from }) => `${kind} ${from}`);
  };
  client.send(cRequest(address, '', 'stateless', requestBody('add')));
  await service.asked();
  answer('stateless', resultBody(4));
  await client.message();
  answer('stateless', resultBody(4));
  await client.message();
  assert.deepEqual(await stepsOf('stateless'), [`asked ${jid}`, `handed ${address}`, `answer ${service.jid}`, `late ${service.jid}`]);
  client.send(cRequest(address, '', 'session', sessionBody('CONNECT')));
  await service.asked();
  answer('session', statusBody('Connection Successful', '200', '0'));
  await client.message();
  answer('session', statusBody('Request Timeout', '408', '0'));
  await client.message();
  assert.deepEqual((await stepsOf('session')).at(-1), `timeout ${service.jid}`);
  // The client leaves, so the worker gets its late answer back.
  client.stream.destroy();
  await eventually(() => started.server.sessions.size === 1, 'the client has left');
  answer('stateless', resultBody(4));
  await service.peer.expect("type='error'");
  assert.deepEqual((await stepsOf('stateless')).slice(-2), [`late ${service.jid}`, `late ${service.jid}`]);
});
