import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { attribute, cRequest, requestBody, resultBody, sessionBody, statusBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const MATH = `router@${DOMAIN}/opensrf.math`;
const CLIENT = `opensrf@${DOMAIN}/client`;

async function setUp(t: TestContext, input: ConfigInput = {}) {
  const started = await startServer(t, { domains: [DOMAIN], ...input });
  const client = await Peer.inMemory(started.server).login('opensrf', DOMAIN, 'client');
  const failures = () => started.log.lines.filter(({ message }) => message === 'request failed');
  return { ...started, client, failures };
}

/** Sends a request and has the listener answer it. */
async function answered(client: Peer, listener: RawProgram, method: string, body: string): Promise<void> {
  client.send(cRequest(MATH, '', method, requestBody(method, ['secret']), `x-${method}`));
  const request = await listener.peer.message();
  listener.peer.send(cRequest(attribute(request, 'router_from'), '', method, body));
  await client.message();
}

test('a request for an absent service leaves one line: service, method, client, reason, transaction id', async (t) => {
  const { client, failures } = await setUp(t);
  client.send(cRequest(MATH, '', '1', requestBody('add', ['secret']), '77'));
  await client.message();
  const reason = '404 Service opensrf.math is not registered with this router';
  const fields = { part: 'requests', service: 'opensrf.math', method: 'add', client: CLIENT, to: MATH, reason, xid: '77' };
  assert.deepEqual(failures(), [{ level: 'warn', fields, message: 'request failed' }]);
});

test('a failed CONNECT leaves one line too, a DISCONNECT none', async (t) => {
  const { client, failures } = await setUp(t);
  client.send(cRequest(MATH, '', '1', sessionBody('DISCONNECT')));
  client.send(cRequest(MATH, '', '1', sessionBody('CONNECT')));
  await client.expect("type='error'");
  assert.deepEqual(
    failures().map(({ fields }) => fields['method']),
    ['CONNECT'],
  );
});

test('an error status of a service leaves one line that names the worker, without parameters', async (t) => {
  const { client, failures, address } = await setUp(t);
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  await answered(client, listener, 'fine', resultBody('good'));
  await answered(client, listener, 'broken', statusBody('died at line 3', '500'));
  const fields = { service: 'opensrf.math', method: 'broken', client: CLIENT, to: MATH, by: listener.jid, reason: '500 died at line 3', xid: 'x-broken' };
  assert.deepEqual(
    failures().map((line) => line.fields),
    [{ part: 'requests', ...fields }],
  );
});

test('the error text of a protected method stays out of the log', async (t) => {
  const { client, failures, address } = await setUp(t, { logProtect: ['broken'] });
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  await answered(client, listener, 'broken.login', statusBody('wrong password secret', '500'));
  assert.deepEqual(
    failures().map(({ fields }) => fields['reason']),
    ['500 **PARAMS REDACTED**'],
  );
});

test('a request whose listener is lost leaves one line', async (t) => {
  const { client, failures, address } = await setUp(t, { router: { lossGraceMs: 1 } });
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  client.send(cRequest(MATH, '', '1', requestBody('add')));
  await listener.peer.message();
  listener.peer.stream.destroy();
  await client.expect('"statusCode":"503"');
  assert.deepEqual(
    failures().map(({ fields }) => fields['reason']),
    ['503 Service opensrf.math lost its listener'],
  );
});

test('a request sent directly to an ended worker leaves one line, a late answer to an ended client none', async (t) => {
  const { client, failures } = await setUp(t);
  client.send(cRequest(`opensrf@${DOMAIN}/gone`, '', '1', resultBody('late')));
  client.send(cRequest(`opensrf@${DOMAIN}/gone`, '', '2', requestBody('add')));
  await client.expect('<thread>2</thread>');
  assert.deepEqual(
    failures().map(({ fields }) => [fields['method'], fields['to'], fields['reason']]),
    [['add', `opensrf@${DOMAIN}/gone`, 'service-unavailable']],
  );
});

test('a hundred failed requests leave a few lines and their number', async (t) => {
  const { client, failures, server, log } = await setUp(t);
  for (let number = 0; number < 100; number++) client.send(cRequest(MATH, '', String(number), requestBody('add')));
  await client.expect('<thread>99</thread>');
  assert.equal(failures().length, server.config.limits.logLinesOfKind);
  await server.stop();
  const [rest] = log.lines.filter(({ fields }) => fields['kind'] === 'request failed');
  assert.equal(Number(rest?.fields['suppressed']) + failures().length, 100);
});
