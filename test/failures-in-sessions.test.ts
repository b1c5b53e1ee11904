import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { cRequest, requestBody, resultBody, sessionBody, statusBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { RawProgram } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const MATH = `router@${DOMAIN}/opensrf.math`;
const CLIENT = `opensrf@${DOMAIN}/client`;
const THREAD = '1795349836.98120314.4754727901';
const C_DRONE = 'opensrf.math_drone_vm_1795349806.520673_20157';
const PERL_DRONE = 'opensrf.math_drone_at_localhost_20139';

/** A client with a session with a worker, whose address is `jid`. */
async function connected(t: TestContext, resource: string, input: ConfigInput = {}) {
  const started = await startServer(t, { domains: [DOMAIN], ...input });
  const { address, log } = started;
  const client = await Peer.inMemory(started.server).login('opensrf', DOMAIN, 'client');
  const listener = await RawProgram.listen(t, address, 'opensrf.math');
  const { jid, peer: worker } = await RawProgram.login(t, address, resource);
  client.send(cRequest(MATH, '', THREAD, sessionBody('CONNECT')));
  await listener.peer.message();
  const answer = async (stanza: string) => {
    worker.send(stanza);
    await client.message();
  };
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('Connection Successful', '200', '0')));
  const ask = async (method: string, threadTrace = '1') => {
    client.send(cRequest(jid, CLIENT, THREAD, requestBody(method, ['secret'], threadTrace), 'x1'));
    await worker.message();
  };
  const failures = () => log.lines.filter(({ message }) => message === 'request failed').map(({ fields }) => fields);
  return { client, jid, ask, answer, failures };
}

/** An answer of a drone of C from OpenSRF 1.4: attributes on the start tag. */
function oldAnswer(jid: string, messages: string): string {
  return `<message to="${CLIENT}" from="${jid}" router_from="" router_to="" router_class="" router_command="" osrf_xid="x1"><thread>${THREAD}</thread><body>${messages}</body></message>`;
}

/** An answer of a drone of Perl. */
function perlAnswer(jid: string, messages: string): string {
  return `<message to='${CLIENT}' from='${jid}'><opensrf router_command='' router_class='' osrf_xid='x1'/><thread>${THREAD}</thread><body>${messages}</body></message>`;
}

const LONG = 'died at line 3, '.repeat(100);
const C_EXCEPTION =
  '[{"__c":"osrfMessage","__p":{"threadTrace":"1","locale":"en-US","api_level":1,"type":"STATUS","payload":{"__c":"osrfMethodException","__p":{"status":"Method [nosuch] not found for service opensrf.math","statusCode":"404"}}}}]';
const NOT_FOUND = '404 Method [nosuch] not found for service opensrf.math';

const FORMS: readonly [form: string, resource: string, answer: (jid: string) => string, reason: string][] = [
  ['C', C_DRONE, (jid) => cRequest(CLIENT, jid, THREAD, C_EXCEPTION, 'x1'), NOT_FOUND],
  ['C of OpenSRF 1.4', C_DRONE, (jid) => oldAnswer(jid, C_EXCEPTION), NOT_FOUND],
  ['C behind a server that escapes quotes', C_DRONE, (jid) => oldAnswer(jid, C_EXCEPTION.replaceAll('"', '&quot;')), NOT_FOUND],
  [
    'Perl',
    PERL_DRONE,
    (jid) =>
      perlAnswer(
        jid,
        '[{"__c":"osrfMessage","__p":{"type":"STATUS","threadTrace":1,"tz":null,"payload":{"__p":{"status":"Method [nosuch] not found","statusCode":404},"__c":"osrfMethodException"},"locale":"en-US","ingress":"srfsh"}}]',
      ),
    '404 Method [nosuch] not found',
  ],
  [
    'Perl, the code before a long text',
    PERL_DRONE,
    (jid) =>
      perlAnswer(
        jid,
        `[{"__p":{"payload":{"__c":"osrfServerError","__p":{"statusCode":500,"status":"${LONG}"}},"locale":"en-US","threadTrace":"1","type":"STATUS"},"__c":"osrfMessage"}]`,
      ),
    `500 ${LONG.trim()}`,
  ],
];

for (const [form, resource, answerOf, reason] of FORMS) {
  test(`an error of a worker inside a connected session leaves one line: ${form}`, async (t) => {
    const { jid, ask, answer, failures } = await connected(t, resource);
    await ask('nosuch');
    await answer(answerOf(jid));
    assert.deepEqual(failures(), [{ part: 'requests', service: 'opensrf.math', method: 'nosuch', client: CLIENT, to: jid, by: jid, reason, xid: 'x1' }]);
  });
}

test('a result that only mentions errors, the end of an idle session and a redirection leave no line', async (t) => {
  const { jid, ask, answer, failures } = await connected(t, C_DRONE);
  await ask('history');
  const content = { __c: 'osrfMethodException', type: 'STATUS', statusCode: '404', status: 'not found' };
  const [result] = JSON.parse(resultBody(content));
  await answer(cRequest(CLIENT, jid, THREAD, JSON.stringify([result])));
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('Request Complete', '205')));
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('Disconnect on max requests', '307', '2')));
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('Disconnected on timeout', '408', '0')));
  assert.deepEqual(failures(), []);
});

test('a failure is the failure of the request that it names, among several in a session', async (t) => {
  const { jid, ask, answer, failures } = await connected(t, C_DRONE);
  await ask('first', '1');
  await ask('second', '2');
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('died', '500', '1')));
  assert.deepEqual(
    failures().map(({ method }) => method),
    ['first'],
  );
});

test('a failure in a session shows no error text of a protected method, nor of a request that is no longer known', async (t) => {
  const { jid, ask, answer, failures } = await connected(t, C_DRONE, { logProtect: ['open-ils.auth'] });
  await ask('open-ils.auth.login');
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('wrong password secret', '500', '1')));
  await answer(cRequest(CLIENT, jid, THREAD, statusBody('wrong password secret', '500', '2')));
  assert.deepEqual(
    failures().map(({ method, reason }) => [method, reason]),
    [
      ['open-ils.auth.login', '500 **PARAMS REDACTED**'],
      ['', '500 **PARAMS REDACTED**'],
    ],
  );
});

test("a refusal of the router leaves one line, not a second one as a worker's answer", async (t) => {
  const { client, failures } = await connected(t, C_DRONE);
  client.send(cRequest(`router@${DOMAIN}/opensrf.absent`, '', '1', requestBody('add')));
  assert.match(await client.message(), /"statusCode":"?404/);
  assert.deepEqual(
    failures().map(({ reason }) => reason),
    ['404 Service opensrf.absent is not registered with this router'],
  );
});
