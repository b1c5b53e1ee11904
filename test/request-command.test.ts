import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ConfigInput } from '../server/config/config.ts';
import { OsrfService } from '../server/osrf/service.ts';
import { Command } from './support/background-command.ts';
import { type Outcome, temporaryFolder } from './support/command.ts';
import { complete, connected, pieces, RawProgram, result, status } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const DOMAIN = 'private.localhost';
const SERVICE = 'opensrf.math';

async function setUp(t: TestContext, input: ConfigInput = {}) {
  const { server, address } = await startServer(t, input);
  const request = (...args: string[]) => new Command(t, 'request', '--port', String(address.port), ...args);
  const listen = () => RawProgram.listen(t, address, SERVICE);
  const worker = (resource: string) => RawProgram.login(t, address, resource);
  return { server, address, request, listen, worker };
}

function oneLine({ stderr }: Outcome): string {
  assert.match(stderr, /^opensrf-chopchop: .+\n$/, 'one line, no stack trace');
  return stderr;
}

/** A site's file with a section of one's own. */
function site(t: TestContext, section: string): { file: string } {
  const file = join(temporaryFolder(t), 'opensrf_core.xml');
  writeFileSync(file, `<config><opensrf><domain>${DOMAIN}</domain><username>opensrf</username><passwd>password</passwd></opensrf>${section}</config>`);
  return { file };
}

function lines({ stdout }: Outcome): unknown[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

async function mathService(t: TestContext, address: { host: string; port: number }) {
  const service = await OsrfService.start({
    ...address,
    domain: DOMAIN,
    username: 'opensrf',
    password: 'password',
    service: SERVICE,
    workers: 1,
    methods: {
      add: (a: number, b: number) => a + b,
      echo: (value: unknown) => value,
      fail: () => {
        throw new Error('*** Died at Math.pm line 5.\n\tcalled from \u001b[31mhere');
      },
    },
  });
  t.after(() => service.stop());
}

test('request prints the result as a line of JSON and exits with 0', async (t) => {
  const { address, request } = await setUp(t);
  await mathService(t, address);
  assert.deepEqual(await request(SERVICE, 'add', '2', '-5').outcome(), { code: 0, stdout: '-3\n', stderr: '' });
  assert.deepEqual(lines(await request(SERVICE, 'echo', '{"__c":"au","__p":["é\\u0001\\n",null]}').outcome()), [{ __c: 'au', __p: ['é\u0001\n', null] }]);
  assert.equal((await request(SERVICE, 'echo', '--pretty', '--', '{"a":[1]}').outcome()).stdout, '{\n  "a": [\n    1\n  ]\n}\n');
  assert.equal((await request(SERVICE, 'add', '20', '22', '--connect').outcome()).stdout, '42\n');
});

test('request sends locale, ingress, API level and a transaction id to the worker', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, drone] = [await listen(), await worker('drone')];
  const command = request(SERVICE, 'm', '[1]', '--locale', 'fr-CA', '--ingress', 'cron', '--api-level', '2');
  const asked = await listener.asked();
  const { locale, ingress, api_level, payload } = asked.message;
  assert.deepEqual({ locale, ingress, api_level, params: payload.__p.params }, { locale: 'fr-CA', ingress: 'cron', api_level: 2, params: [[1]] });
  assert.match(asked.transactionId, /^\d{11,}$/);
  drone.answer(asked, complete('C', asked.threadTrace));
  assert.deepEqual(await command.outcome(), { code: 0, stdout: '', stderr: '' });
});

test('each result is printed as it arrives', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, drone] = [await listen(), await worker('drone')];
  const command = request(SERVICE, 'count');
  const asked = await listener.asked();
  for (const number of [1, 2, 3]) {
    drone.answer(asked, result('C', '1', number));
    await command.printed(`${number}\n`);
  }
  drone.answer(asked, complete('C', '1'));
  assert.deepEqual(lines(await command.outcome()), [1, 2, 3]);
});

test('results that a Perl worker bundles in one stanza come in their order', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, drone] = [await listen(), await worker('drone')];
  const command = request(SERVICE, 'split');
  const asked = await listener.asked();
  const numbers = Array.from({ length: 300 }, (_, number) => String(number + 1));
  drone.answer(asked, ...numbers.map((number) => result('Perl', '1', number)), complete('Perl', '1'));
  assert.deepEqual(lines(await command.outcome()), numbers);
});

for (const language of ['C', 'Perl'] as const) {
  test(`a large result that a ${language} worker sends in pieces is put together, in its place among the others`, async (t) => {
    const { request, listen, worker } = await setUp(t);
    const [listener, drone] = [await listen(), await worker('drone')];
    const command = request(SERVICE, 'echo');
    const asked = await listener.asked();
    const large = `"\\'é&<>${'"'.repeat(20_000)}${'x'.repeat(60_000)}`;
    drone.answer(asked, result(language, '1', 'before'));
    for (const piece of pieces(language, '1', JSON.stringify(large), 4_001)) drone.answer(asked, piece);
    drone.answer(asked, result(language, '1', 'after'), complete(language, '1'));
    assert.deepEqual(lines(await command.outcome()), ['before', large, 'after']);
  });
}

test('--connect connects, sends the request to the worker, and disconnects', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, drone] = [await listen(), await worker('drone')];
  const command = request(SERVICE, 'add', '--connect');
  const connect = await listener.asked();
  assert.equal(connect.type, 'CONNECT');
  drone.answer(connect, connected('C', connect.threadTrace));
  const asked = await drone.asked();
  assert.deepEqual([asked.type, asked.thread], ['REQUEST', connect.thread]);
  drone.answer(asked, result('C', asked.threadTrace, 4), complete('C', asked.threadTrace));
  assert.equal((await drone.asked()).type, 'DISCONNECT');
  assert.deepEqual(await command.outcome(), { code: 0, stdout: '4\n', stderr: '' });
});

test('the client leaves a Perl worker at its limit of requests (307), and resends the request to another one', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, tired, fresh] = [await listen(), await worker('tired'), await worker('fresh')];
  const command = request(SERVICE, 'reverse', '--connect');
  tired.answer(await listener.asked(), connected('Perl', '0'));
  tired.answer(await tired.asked(), status('Perl', '1', 307, 'Disconnect on max requests'));
  const again = await listener.asked();
  assert.equal(again.type, 'CONNECT');
  fresh.answer(again, connected('Perl', again.threadTrace));
  const asked = await fresh.asked();
  assert.deepEqual([asked.type, asked.threadTrace], ['REQUEST', '1']);
  fresh.answer(asked, result('Perl', '1', 'ba'), complete('Perl', '1'));
  assert.deepEqual(await command.outcome(), { code: 0, stdout: '"ba"\n', stderr: '' });
});

test('the client leaves a C worker that timed out (408, for request 0), and resends the later requests to another one', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, late, fresh] = [await listen(), await worker('late'), await worker('fresh')];
  const command = request(SERVICE, 'add', '--connect');
  const connect = await listener.asked();
  late.answer(connect, connected('C', '0'));
  await late.asked();
  late.answer(connect, status('C', '0', 408, 'Disconnected on timeout'));
  const again = await listener.asked();
  fresh.answer(again, connected('C', again.threadTrace));
  const asked = await fresh.asked();
  fresh.answer(asked, result('C', asked.threadTrace, 4), complete('C', asked.threadTrace));
  assert.deepEqual(await command.outcome(), { code: 0, stdout: '4\n', stderr: '' });
});

test('an ended worker is replaced by another one', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, dead, fresh] = [await listen(), await worker('dead'), await worker('fresh')];
  const command = request(SERVICE, 'add', '--connect');
  const connect = await listener.asked();
  dead.answer(connect, connected('C', '0'));
  dead.peer.send('</stream:stream>');
  const again = await listener.asked();
  fresh.answer(again, connected('C', again.threadTrace));
  const asked = await fresh.asked();
  fresh.answer(asked, result('C', asked.threadTrace, 4), complete('C', asked.threadTrace));
  assert.deepEqual(await command.outcome(), { code: 0, stdout: '4\n', stderr: '' });
});

test('endless redirects end with exit code 5', async (t) => {
  const { request, listen, worker } = await setUp(t);
  const [listener, drone] = [await listen(), await worker('drone')];
  const command = request(SERVICE, 'add');
  for (let times = 0; times < 4; times++) drone.answer(await listener.asked(), status('C', '1', 417, 'Expectation failed'));
  const outcome = await command.outcome();
  assert.equal(outcome.code, 5);
  assert.match(oneLine(outcome), /417 Expectation failed \(said by opensrf@private\.localhost\/drone\)/);
});

test('an error status is one line with code, text and sender, after the earlier results; exit code 5', async (t) => {
  const { address, request, listen, worker } = await setUp(t);
  const [listener, drone] = [await listen(), await worker('drone')];
  const command = request(SERVICE, 'nosuch');
  const asked = await listener.asked();
  drone.answer(asked, result('Perl', '1', 'first'));
  drone.answer(asked, status('Perl', '1', 404, 'Method [nosuch] not found for OpenSRF::Application::Demo::SimpleText', 'osrfMethodException'));
  const outcome = await command.outcome();
  assert.deepEqual([outcome.code, outcome.stdout], [5, '"first"\n']);
  assert.match(oneLine(outcome), /: 404 Method \[nosuch\] not found for \S+ \(said by opensrf@private\.localhost\/drone\)\n/);
  listener.peer.send('</stream:stream>');
  await listener.peer.closed();
  await mathService(t, address);
  const exception = await request(SERVICE, 'fail').outcome();
  assert.equal(exception.code, 5);
  assert.match(oneLine(exception), /: 500 .*\*\*\* Died at Math\.pm line 5\. called from \[31mhere \(said by /);
});

test('a listener whose backlog is full (503, from itself) is an error of the service: exit code 5', async (t) => {
  const { request, listen } = await setUp(t);
  const listener = await listen();
  const command = request(SERVICE, 'wait');
  listener.answer(await listener.asked(), status('C', '1', 503, 'Service Unavailable'));
  assert.equal((await command.outcome()).code, 5);
});

test('no answer in time is one line and exit code 6', async (t) => {
  const { request, listen } = await setUp(t);
  await listen();
  const outcome = await request(SERVICE, 'wait', '--timeout', '1').outcome();
  assert.equal(outcome.code, 6);
  assert.match(oneLine(outcome), /request wait to router@private\.localhost\/opensrf\.math: no answer within 1 s/);
  const connecting = await request(SERVICE, 'wait', '--timeout', '1', '--connect').outcome();
  assert.equal(connecting.code, 6);
  assert.match(oneLine(connecting), /CONNECT to router@private\.localhost\/opensrf\.math: no answer within 1 s/);
});

for (const absentService of ['status', 'bounce'] as const) {
  test(`an absent service, by a ${absentService}, is one line and exit code 7`, async (t) => {
    const { request } = await setUp(t, { router: { absentService } });
    for (const extra of [[], ['--connect']]) {
      const outcome = await request('nosuch', 'm', ...extra).outcome();
      assert.equal(outcome.code, 7);
      assert.match(oneLine(outcome), /Service nosuch is not registered.*said by router@private\.localhost\/nosuch/);
    }
  });
}

test("the C router's answer for a service that lost its last listener, 501 without a type, is exit code 7", async (t) => {
  const { address, request } = await setUp(t);
  const router = await RawProgram.login(t, address, SERVICE, 'router');
  const command = request(SERVICE, 'm');
  const stanza = await router.peer.message();
  const [, content] = /<opensrf[^>]*\/>([\s\S]*)<\/message>/.exec(stanza) as RegExpExecArray;
  const { 1: client } = /from='([^']+)'/.exec(stanza) as RegExpExecArray;
  router.peer.send(`<message to="${client}" from="${router.jid}"><error type="cancel" code="501"/>${content}</message>`);
  const outcome = await command.outcome();
  assert.equal(outcome.code, 7);
  assert.match(oneLine(outcome), /: 501 the message bounced \(said by router@private\.localhost\/opensrf\.math\)/);
});

test('an error without body and thread is recognised by its sender', async (t) => {
  const { address, request } = await setUp(t);
  const router = await RawProgram.login(t, address, SERVICE, 'router');
  const command = request(SERVICE, 'm');
  const { client } = await router.asked();
  router.peer.send(`<message to="${client}" type="error"><error type="cancel" code="503"/></message>`);
  assert.equal((await command.outcome()).code, 7);
});

test('a lost connection is one line and exit code 3', async (t) => {
  const { server, request, listen } = await setUp(t);
  const listener = await listen();
  const command = request(SERVICE, 'm');
  await listener.asked();
  await server.stop();
  const outcome = await command.outcome();
  assert.equal(outcome.code, 3);
  assert.match(oneLine(outcome), /the connection to the Jabber server was lost/);
});

test('no server, a refused login, and something not a Jabber server are one line and exit code 3', async (t) => {
  const { request } = await setUp(t);
  const refused = await request(SERVICE, 'm', '--password', 'wrong').outcome();
  assert.equal(refused.code, 3);
  assert.match(oneLine(refused), /cannot log in as opensrf@private\.localhost\/\S+: .*; see --domain, --username and --password/);
  const nobody = await new Command(t, 'request', SERVICE, 'm', '--port', '1').outcome();
  assert.equal(nobody.code, 3);
  assert.match(oneLine(nobody), /no server at 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\); see --host and --port/);
  const ssh = createServer((socket) => socket.on('error', () => {}).write('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
  await once(ssh, 'listening');
  t.after(() => ssh.close());
  const other = await new Command(t, 'request', SERVICE, 'm', '--port', String((ssh.address() as { port: number }).port)).outcome();
  assert.equal(other.code, 3);
  assert.match(oneLine(other), /not a Jabber server/);
});

for (const [what, args, says] of [
  ['a parameter that is no JSON', ['2', 'abc'], /parameter 2, abc: no JSON \(.*\); a string needs its quotes: '"abc"'/],
  ['a time-out of nothing', ['--timeout', '0'], /--timeout: "0" is not a number of seconds from 0.001 to 86400/],
  ['an API level that is no number', ['--api-level', 'x'], /--api-level: "x" is not a whole number/],
  ['a port that is none', ['--port', '70000'], /--port: "70000" is not a port number from 1 to 65535/],
  ['a domain that is none', ['--domain', 'a b'], /--domain: "a b" is not a domain/],
  ['an option given twice', ['--port', '1', '--port', '2'], /--port: is given more than once/],
] as const) {
  test(`request refuses ${what} with one line and exit code 2`, async (t) => {
    const outcome = await new Command(t, 'request', SERVICE, 'm', ...args).outcome();
    assert.equal(outcome.code, 2);
    assert.match(oneLine(outcome), says);
  });
}

test('an error never shows a parameter of a method in <log_protect>', async (t) => {
  const { file } = site(t, '<shared><log_protect><match_string>open-ils.auth</match_string></log_protect></shared>');
  const ask = (method: string) => new Command(t, 'request', 'open-ils.auth', method, '--config', file, '"me"', 'pass\nword').outcome();
  const redacted = await ask('open-ils.auth.login');
  assert.deepEqual([redacted.code, redacted.stderr], [2, 'opensrf-chopchop: parameter 2, **PARAMS REDACTED**: no JSON\n']);
  assert.match(oneLine(await ask('other')), /parameter 2, pass word: no JSON/);
});

test('after a -- a service and a method are names, even if they look like options', async (t) => {
  const { address, request } = await setUp(t);
  const methods = { '--host=192.0.2.1': () => 'asked here' };
  const service = await OsrfService.start({ domain: DOMAIN, username: 'opensrf', password: 'password', ...address, service: SERVICE, workers: 1, methods });
  t.after(() => service.stop());
  await service.listener.settled();
  const { stdout, stderr } = await request('--', SERVICE, '--host=192.0.2.1', '-5').outcome();
  assert.deepEqual([stdout, stderr], ['"asked here"\n', '']);
  const absent = await request('--', '--host=192.0.2.1', 'm').outcome();
  assert.match(oneLine(absent), /Service --host=192\.0\.2\.1 is not registered/);
});
