import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { RestartReport } from '../server/cli/serve/restart.ts';
import { ControlClient } from '../server/control/control-client.ts';
import { type ControlFile, readControlFile } from '../server/control/control-file.ts';
import type { RouterReport } from '../server/control/services.ts';
import type { CommandError } from '../server/kernel/exit-codes.ts';
import { EXIT } from '../server/kernel/exit-codes.ts';
import { isAlive } from '../server/process/pid-file.ts';
import { readCaptures } from './support/capture.ts';
import { oneLine, run, type Serving, serve, stop, temporaryFolder, until, written } from './support/command.ts';
import { failingSuccessors } from './support/failing-successors.ts';
import { cRequest, registration, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { kill } from './support/processes.ts';
import { RawProgram } from './support/raw-service.ts';
import { playWithRestarts } from './support/restart-captures.ts';
import { runRestarts } from './support/restart-load.ts';

const noProc = !existsSync('/proc/self/fd') && 'no /proc here';
const ROUTER = 'router@private.localhost';

interface Site extends Serving {
  readonly folder: string;
  readonly address: { readonly host: string; readonly port: number };
  /** The control file of the process that serves. */
  control(): ControlFile;
  restart(): Promise<RestartReport>;
}

async function site(t: TestContext, ...args: string[]): Promise<Site> {
  const folder = temporaryFolder(t);
  process.env['XDG_RUNTIME_DIR'] = folder;
  const file = join(folder, 'control.json');
  const serving = await serve(t, folder, '--control-socket', join(folder, 'control'), '--control-file', file, '--log-file', join(folder, 'log'), ...args);
  const control = () => readControlFile(file);
  t.after(() => existsSync(file) && kill(control().pid));
  const restart = async () => (await new ControlClient(control()).order('/api/v1/restart', EXIT.notRestarted)) as RestartReport;
  return { ...serving, folder, address: serving.ready.c2s[0], control, restart };
}

/** The reason why a server was not restarted. */
async function refusal(here: Site): Promise<string> {
  const error: CommandError = await here.restart().then(
    () => assert.fail('it was restarted'),
    (thrown) => thrown,
  );
  assert.equal(error.exitCode, EXIT.notRestarted, error.message);
  return error.message;
}

const escaped = (body: string) => body.replaceAll('"', '&quot;');

function request(client: RawProgram, service: string, thread: string): void {
  client.peer.send(cRequest(`${ROUTER}/${service}`, client.jid, thread, escaped(requestBody('m'))));
}

const COMPLETE = { __c: 'osrfMessage', __p: { threadTrace: '1', type: 'STATUS', payload: { __p: { status: 'Request Complete', statusCode: '205' } } } };

const threadOf = (stanza: string) => /<thread>([^<]*)/.exec(stanza)?.[1];

test('under load, five restarts lose, double and reorder no request, and end no session', async (t) => {
  const folder = temporaryFolder(t);
  const { requests, faults, restarts } = await runRestarts({ folder, restarts: 5, clients: 20, services: 6, window: 4, idle: 20, requests: 6_000, seed: 21 });
  assert.deepEqual(faults, []);
  assert.ok(requests >= 6_000);
  assert.deepEqual(
    restarts.map(({ sessions, ended }) => [sessions, ended]),
    Array(5).fill([46, 0]),
  );
});

test('a stanza goes on at the same byte, wherever a restart cuts it', async (t) => {
  const here = await site(t, '--limit', 'pendingOfAddress=2000');
  const receiver = await RawProgram.login(t, here.address, 'receiver');
  const stanzas = [
    cRequest(receiver.jid, '', 'plain', escaped(requestBody('ä€𝄞 &amp; &#228;', ['x']))),
    `<message to='${receiver.jid}' xmlns:p='urn:p'><p:a b="1"><![CDATA[ä]]></p:a><thread>strict</thread><body>€</body></message>`,
    `<iq to='private.localhost' type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>`,
  ];
  const cut: (() => void)[] = [];
  const answers: Promise<unknown>[] = [];
  for (const [kind, stanza] of stanzas.entries()) {
    const bytes = Buffer.from(stanza);
    for (let at = 0; at <= bytes.length; at++) {
      const sender = await RawProgram.login(t, here.address, `s${kind}.${at}`);
      sender.peer.send(bytes.subarray(0, at));
      cut.push(() => sender.peer.send(bytes.subarray(at)));
      if (kind === 2) cut.push(() => void answers.push(sender.peer.expect(/<iq [^>]*type='result'/)));
    }
  }
  const { sessions } = await here.restart();
  assert.equal(sessions, cut.length - Buffer.from(stanzas[2] as string).length - 1 + 1);
  for (const goOn of cut) goOn();
  const threads = new Map<string, number>();
  for (const stanza of stanzas.slice(0, 2)) {
    for (let at = 0; at <= Buffer.byteLength(stanza); at++) {
      const thread = threadOf(await receiver.peer.message()) as string;
      threads.set(thread, (threads.get(thread) ?? 0) + 1);
    }
  }
  await Promise.all(answers);
  assert.deepEqual(Object.fromEntries(threads), { plain: Buffer.byteLength(stanzas[0] as string) + 1, strict: Buffer.byteLength(stanzas[1] as string) + 1 });
});

for (const capture of readCaptures()) {
  if (!['02-perl-settings-service-start', '05-c-client-stateless-to-c-service', '46-server-stop'].includes(capture.name)) continue;
  test(`a captured dialogue goes on, with a restart in the middle of every text: ${capture.scenario}`, async (t) => {
    assert.ok((await playWithRestarts(capture, temporaryFolder(t))) >= 3);
  });
}

test('megabytes that wait for a peer that does not read come whole and in order', async (t) => {
  const here = await site(t);
  const slow = await RawProgram.login(t, here.address, 'slow');
  const fast = await RawProgram.login(t, here.address, 'fast');
  const socket = slow.peer.stream as Socket;
  socket.pause();
  const text = 'ä€𝄞'.repeat(40_000);
  for (let number = 0; number < 20; number++) fast.peer.send(`<message to='${slow.jid}'><thread>t${number}</thread><body>${text}</body></message>`);
  fast.peer.send(`<iq to='private.localhost' type='get' id='done'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await fast.peer.expect("id='done'");
  for (let restarts = 0; restarts < 2; restarts++) await here.restart();
  fast.peer.send(`<message to='${slow.jid}'><thread>last</thread><body>${text}</body></message>`);
  socket.resume();
  const got: (string | undefined)[] = [];
  for (let number = 0; number <= 20; number++) {
    const stanza = await slow.peer.message();
    assert.ok(stanza.endsWith(`<body>${text}</body></message>`));
    got.push(threadOf(stanza));
  }
  assert.deepEqual(got, [...Array.from({ length: 20 }, (_, number) => `t${number}`), 'last']);
});

test('a router goes on with listeners, rotation, drains, held and unanswered requests', async (t) => {
  const here = await site(t, '--hold', '60');
  const client = await RawProgram.login(t, here.address, 'client');
  const listeners = [
    await RawProgram.listen(t, here.address, 'a'),
    await RawProgram.listen(t, here.address, 'a'),
    await RawProgram.listen(t, here.address, 'a'),
  ] as const;
  const drained = await RawProgram.listen(t, here.address, 'b');
  const operator = await RawProgram.login(t, here.address, 'operator', 'router');
  operator.peer.send(`<message to='${ROUTER}/router'><opensrf router_class='b' router_command='drain'/><body/></message>`);
  await operator.peer.message();
  request(client, 'a', 'first');
  const first = await listeners[0].asked();
  request(client, 'later', 'held');
  request(client, 'b', 'drained');
  await here.restart();
  for (const [index, thread] of [
    [1, 'u'],
    [2, 'v'],
    [0, 'w'],
  ] as const) {
    request(client, 'a', thread);
    assert.equal((await (listeners[index] as RawProgram).asked()).thread, thread);
  }
  listeners[0].answer(first, {
    __c: 'osrfMessage',
    __p: { threadTrace: '1', type: 'STATUS', payload: { __p: { status: 'Request Complete', statusCode: '205' } } },
  });
  assert.equal(threadOf(await client.peer.message()), 'first');
  const report = await new ControlClient(here.control()).get('/api/v1/server', 60_000);
  assert.equal((report as { unanswered: number }).unanswered, 3);
  const later = await RawProgram.login(t, here.address, 'later');
  later.peer.send(registration('register', `${ROUTER}/router`, later.jid, 'later'));
  assert.equal((await later.asked()).thread, 'held');
  operator.peer.send(`<message to='${ROUTER}/router'><opensrf router_class='b' router_command='resume'/><body/></message>`);
  assert.equal((await drained.asked()).thread, 'drained');
  // The ledger is whole: a lost listener's requests are refused.
  listeners[1].peer.stream.destroy();
  const refused = await client.peer.message();
  assert.equal(threadOf(refused), 'u');
  assert.match(refused, /503/);
});

test('an external router stays in charge, and the internal one takes over when it leaves', async (t) => {
  const here = await site(t);
  const external = await RawProgram.login(t, here.address, 'router', 'router');
  const listener = await RawProgram.login(t, here.address, 'l');
  const client = await RawProgram.login(t, here.address, 'client');
  listener.peer.send(registration('register', `${ROUTER}/router`, listener.jid, 'a'));
  assert.match(await external.peer.message(), /router_command="register"/);
  await here.restart();
  listener.peer.send(registration('register', `${ROUTER}/router`, listener.jid, 'b'));
  assert.match(await external.peer.message(), /router_class="b"/);
  external.peer.send('</stream:stream>');
  await external.peer.closed();
  for (const service of ['a', 'b']) {
    request(client, service, service);
    assert.equal((await listener.asked()).thread, service);
  }
});

test('sessions with stream management, available ones and components go on', async (t) => {
  const here = await site(t, '--component-port', '0', '--component', 'gateway.localhost:secret');
  const ready = here.ready as unknown as { readonly components: readonly [{ readonly host: string; readonly port: number }] };
  const component = await (await Peer.connect(t, ready.components[0])).handshake('gateway.localhost', 'secret');
  const managed = await (await Peer.connect(t, here.address)).loginByRfc6120('opensrf', 'localhost', 'managed');
  const gone = await (await Peer.connect(t, here.address)).loginByRfc6120('opensrf', 'localhost', 'gone');
  const ids: string[] = [];
  for (const peer of [managed, gone]) {
    peer.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    ids.push(/ id='([^']+)'/.exec(await peer.expect(/<enabled [^>]*>/))?.[1] as string);
  }
  managed.send('<presence/>');
  await managed.expect(/<presence[\s\S]*?(?:\/>|<\/presence>)/);
  await managed.expect('<r ');
  gone.stream.destroy();
  component.send("<message to='opensrf@localhost/gone'><body>while away</body></message>");
  component.send("<message to='opensrf@localhost'><body>to the account</body></message>");
  await managed.message();
  await here.restart();
  component.send("<message to='opensrf@localhost'><body>after</body></message>");
  assert.match(await managed.message(), /after/);
  managed.send("<message to='gateway.localhost'><body>back</body></message><r xmlns='urn:xmpp:sm:3'/>");
  assert.match(await component.message(), /back/);
  // The presence, and this message.
  assert.match(await managed.expect(/<a [^>]*>/), /h='2'/);
  managed.send("<a xmlns='urn:xmpp:sm:3' h='3'/>");
  const back = await (await Peer.connect(t, here.address)).authenticate('opensrf', 'localhost');
  back.send(`<resume xmlns='urn:xmpp:sm:3' h='0' previd='${ids[1]}'/>`);
  await back.expect('<resumed ');
  assert.match(await back.message(), /while away/);
});

test('what cannot be handed over ends after its requests are answered, and resumes at the successor', async (t) => {
  const here = await site(t, '--tls-port', '0', '--tls-self-signed');
  const ready = here.ready as Serving['ready'];
  const secure = connectTls({ ...ready.tls[0], rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  t.after(() => void secure.destroy());
  const peer = await new Peer(secure).loginByRfc6120('opensrf', 'private.localhost', 'secure');
  peer.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const id = / id='([^']+)'/.exec(await peer.expect(/<enabled [^>]*>/))?.[1] as string;
  const listener = await RawProgram.listen(t, here.address, 'a');
  peer.send(cRequest(`${ROUTER}/a`, '', 'under way', escaped(requestBody('m'))));
  const asked = await listener.asked();
  const restarted = here.restart();
  await written(t, here.folder, 'log', / restarting/);
  listener.answer(asked, COMPLETE);
  assert.equal(threadOf(await peer.message()), 'under way');
  assert.match(await peer.closed(), /<system-shutdown /);
  assert.equal((await restarted).ended, 1);
  listener.peer.send(`<message to='opensrf@private.localhost/secure'><body>while away</body></message>`);
  const back = await (await Peer.connect(t, here.address)).authenticate('opensrf', 'private.localhost');
  back.send(`<resume xmlns='urn:xmpp:sm:3' h='1' previd='${id}'/>`);
  await back.expect('<resumed ');
  assert.match(await back.message(), /while away/);
});

test('connections that come during a restart wait, and are served by the successor', async (t) => {
  const here = await site(t);
  const restarted = here.restart();
  await written(t, here.folder, 'log', / restarting/);
  const peers = await Promise.all(Array.from({ length: 20 }, () => Peer.connect(t, here.address)));
  const programs = await Promise.all(peers.map((peer, number) => peer.login('opensrf', 'private.localhost', `p${number}`)));
  const { pid } = await restarted;
  programs[0]?.send(`<message to='opensrf@private.localhost/p19'><body>hello</body></message>`);
  assert.match((await programs[19]?.message()) ?? '', /hello/);
  assert.equal(here.control().pid, pid);
});

async function failingSite(t: TestContext, ...args: string[]): Promise<Site & { failAt(step: string): void }> {
  const failAt = failingSuccessors(t);
  return { ...(await site(t, ...args)), failAt };
}

test('a successor that fails at any step changes nothing: the server goes on, and says why', async (t) => {
  const token = join(temporaryFolder(t), 'token');
  writeFileSync(token, 'a'.repeat(64), { mode: 0o600 });
  const here = await failingSite(t, '--control-token-file', token, '--unix', join(temporaryFolder(t), 'socket'));
  const client = await RawProgram.login(t, here.address, 'client');
  const listener = await RawProgram.listen(t, here.address, 'a');
  for (const [step, reason] of [
    ['start', /^it ended with exit code 7$/],
    ['configuration', /cannot read/],
    ['another format', /^it reads another format of the state \(2\) than this version writes \(1\)$/],
    ['ready', /^it was ended by SIGKILL$/],
    ['state', /^a broken state$|Error: a broken state/],
    ['before serving', /^it was ended by SIGKILL$/],
  ] as const) {
    if (step === 'configuration') rmSync(token);
    here.failAt(step);
    listener.peer.send(`<message to='${client.jid}'><thread>cut`);
    assert.match(await refusal(here), reason, step);
    listener.peer.send('</thread><body/></message>');
    assert.equal(threadOf(await client.peer.message()), 'cut');
    request(client, 'a', step);
    listener.answer(await listener.asked(), COMPLETE);
    assert.equal(threadOf(await client.peer.message()), step);
    await RawProgram.login(t, here.address, step);
    writeFileSync(token, 'a'.repeat(64), { mode: 0o600 });
  }
  assert.equal(here.control().pid, here.ready.pid);
  here.failAt('');
  assert.equal((await here.restart()).sessions, 8);
  request(client, 'a', 'after all');
  assert.equal((await listener.asked()).thread, 'after all');
});

test('after a failure, the programs of the server itself work as before', async (t) => {
  const settings = fileURLToPath(new URL('../../test/fixtures/opensrf-xml/minimal.xml', import.meta.url));
  const here = await failingSite(t, '--with-settings', settings, '--web-port', '0');
  const ready = here.ready as unknown as { readonly web: readonly [{ readonly port: number }] };
  const works = async (step: string) => {
    const { routers } = (await new ControlClient(here.control()).get('/api/v1/routers', 60_000)) as { readonly routers: readonly RouterReport[] };
    const registered = routers.flatMap(({ services }) => services).map(({ service, listeners }) => [service, listeners.length]);
    assert.deepEqual(registered, [['opensrf.settings', 1]], step);
    const url = `http://127.0.0.1:${ready.web[0].port}/osrf-gateway-v1?service=opensrf.settings&method=opensrf.settings.default_config.get`;
    assert.match(await (await fetch(url)).text(), /"status":200/, step);
  };
  await works('before');
  for (const step of ['start', 'before serving', '']) {
    here.failAt(step);
    if (step === '') await here.restart();
    else await refusal(here);
    await works(step);
  }
});

test('a stop during a restart stops the server, and leaves no process', { skip: noProc }, async (t) => {
  const here = await failingSite(t);
  here.failAt('hang');
  const peer = await RawProgram.login(t, here.address, 'r');
  const refused = here.restart().catch((error: Error) => error.message);
  await written(t, here.folder, 'log', / restarting/);
  assert.equal(await stop(here), 0);
  await peer.peer.closed();
  assert.ok(typeof (await refused) === 'string');
});

test('a successor that does not get ready in time is ended', async (t) => {
  const here = await failingSite(t, '--limit', 'successorMs=1000');
  const client = await RawProgram.login(t, here.address, 'client');
  here.failAt('hang');
  assert.match(await refusal(here), /^it did not get ready within 1 s$/);
  client.peer.send(`<message to='${client.jid}'><body>still here</body></message>`);
  assert.match(await client.peer.message(), /still here/);
});

test('a successor that crashes after it has taken over is a crash', async (t) => {
  const here = await failingSite(t);
  const client = await RawProgram.login(t, here.address, 'client');
  here.failAt('after serving');
  const exit = once(here.child, 'exit');
  const answer = here.restart().catch((error: Error) => error);
  await client.peer.closed();
  assert.deepEqual((await exit)[0], 1);
  await answer;
});

test('a signal that comes right after the hand-over stops the server gracefully', async (t) => {
  const here = await failingSite(t);
  const client = await RawProgram.login(t, here.address, 'client');
  here.failAt('stopped');
  const exit = once(here.child, 'exit');
  await here.restart();
  assert.match(await client.peer.closed(), /<system-shutdown .*<\/stream:stream>$/);
  assert.deepEqual(await exit, [0, null]);
});

test('restart finds the server by its pid file, and refuses what it cannot do with exit code 9', async (t) => {
  const here = await site(t, '--pid-file', join(temporaryFolder(t), 'unused'), '--stubs', stubs(t));
  const { code, stderr } = run('restart', '--control-file', join(here.folder, 'control.json'));
  assert.deepEqual(
    [code, oneLine(stderr)],
    [9, 'opensrf-chopchop: a server with stubs, a recording or faults cannot hand over: they are only in its memory\n'],
  );
  const folder = temporaryFolder(t);
  process.env['XDG_RUNTIME_DIR'] = folder;
  const pidFile = join(folder, 'pid');
  const other = await serve(t, folder, '--console', '0', '--pid-file', pidFile);
  const restarted = run('restart', '--pid-file', pidFile);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.after(() => kill(pid));
  assert.match(restarted.stdout, new RegExp(`^process ${pid} has taken over from ${other.ready.pid}: 0 sessions, paused for \\d+ ms\n$`));
  assert.equal(run('restart', '--pid-file', join(folder, 'absent')).code, 4);
});

function stubs(t: TestContext): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'stub.json'), '{"service": "a", "methods": {"m": {"results": [1]}}}');
  return folder;
}

test('a daemon leaves no process behind', { skip: noProc }, async (t) => {
  const folder = temporaryFolder(t);
  process.env['XDG_RUNTIME_DIR'] = folder;
  const pidFile = join(folder, 'pid');
  const { code, stderr } = run(
    '--daemon',
    '--port',
    '0',
    '--console',
    '0',
    '--pid-file',
    pidFile,
    '--ready-file',
    join(folder, 'ready.json'),
    '--log-file',
    join(folder, 'log'),
  );
  assert.equal(code, 0, stderr);
  const first = Number(readFileSync(pidFile, 'utf8'));
  t.after(() => kill(first));
  assert.equal(run('restart', '--pid-file', pidFile).code, 0);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.after(() => kill(pid));
  assert.notEqual(pid, first);
  while (isAlive(first)) await wait(10);
  process.kill(pid, 'SIGTERM');
  await until(t, folder, () => !existsSync(pidFile));
});

test('pid file, ready file, control file and process name follow; one process stays for the one that waits, and passes signals on', {
  skip: noProc,
}, async (t) => {
  const here = await site(t, '--pid-file', join(temporaryFolder(t), 'pid'), '--unix', join(temporaryFolder(t), 'socket'));
  const peer = await RawProgram.login(t, here.address, 'r');
  const first = here.ready.pid;
  const token = here.control().token;
  const pids = [first];
  for (let restarts = 0; restarts < 3; restarts++) pids.push((await here.restart()).pid);
  assert.equal(new Set(pids).size, 4);
  const last = pids[3] as number;
  while (isAlive(pids[2] as number)) await wait(10);
  assert.deepEqual(
    pids.map((pid) => isAlive(pid)),
    [true, false, false, true],
  );
  assert.equal(readFileSync(`/proc/${last}/comm`, 'utf8'), 'opensrf-chopcho\n');
  assert.deepEqual([here.control().pid, here.control().token], [last, token]);
  assert.equal(JSON.parse(readFileSync(join(here.folder, 'ready.json'), 'utf8')).pid, last);
  assert.equal(await stop(here), 0);
  assert.match(await peer.peer.closed(), /<system-shutdown /);
  assert.equal(isAlive(last), false);
  assert.ok(!existsSync(join(here.folder, 'ready.json')) && !existsSync(join(here.folder, 'control.json')));
});
