import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkListeners } from '../server/doctor/listeners.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { Command } from './support/background-command.ts';
import { LONG, oneLine, run, serve, stop, temporaryFolder } from './support/command.ts';
import { type ControlledServer, LOGIN, posted, startControlledServer, startMath, TOKEN } from './support/control.ts';
import { RawProgram } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const ROUTER = 'router@private.localhost/router';

/** A folder for control files of its own. @returns where they are. */
function runtimeFolder(t: TestContext): string {
  const folder = temporaryFolder(t);
  const before = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = folder;
  t.after(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
  });
  const own = join(folder, 'opensrf-chopchop');
  mkdirSync(own, { mode: 0o700 });
  return own;
}

/** Writes the control file of a server. */
function leaveFile(path: string, { url, address }: Pick<ControlledServer, 'url' | 'address'>, changes: object = {}): string {
  writeFileSync(path, JSON.stringify({ pid: process.pid, version: '0', url, socket: null, token: TOKEN, c2s: [address], ...changes }));
  return path;
}

/** The pid of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

async function setUp(t: TestContext) {
  const folder = runtimeFolder(t);
  const started = await startControlledServer(t);
  const path = leaveFile(join(folder, '1.json'), started);
  const command = (...args: string[]) => new Command(t, ...args, '--port', String(started.address.port)).outcome();
  return { ...started, folder, path, command };
}

const words = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ +/));

test('services shows more over the control interface: unanswered requests, draining listeners, and the source', async (t) => {
  const { address, json, command } = await setUp(t);
  const math = await RawProgram.listen(t, address, 'opensrf.math');
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'alice' });
  t.after(() => client.close());
  client.request('opensrf.math', 'add', 1, 2).catch(() => {});
  await math.asked();
  await json('/api/v1/services/opensrf.math/drain', posted({}));
  const table = await command('services');
  assert.equal(table.stderr, '');
  assert.deepEqual(words(table.stdout), [
    [ROUTER, '(by', 'control', 'interface)'],
    ['SERVICE', 'STATE', 'HANDED', 'ANSWERED', 'OPEN', 'LISTENER'],
    ['opensrf.math', 'draining', '1', '0', '1', math.jid],
    [''],
    ['router@public.localhost/router', '(by', 'control', 'interface):', 'no', 'services'],
    [''],
    ['router@localhost/router', '(by', 'control', 'interface):', 'no', 'services'],
  ]);
  const [listing] = JSON.parse((await command('services', '--json')).stdout);
  const [service] = listing.services;
  assert.deepEqual([listing.router, listing.source, service.service, service.requests, service.unanswered], [ROUTER, 'control', 'opensrf.math', 1, 1]);
  const { since, ...listener } = service.listeners[0];
  assert.deepEqual(listener, { jid: math.jid, member: '', requests: 1, answered: 0, unanswered: 1, stalled: false, draining: true, suspicion: '' });
  assert.ok(Math.abs(since - Date.now()) < 60_000);
});

test('services and doctor show a listener that the router passes over, and why', async (t) => {
  const { server, address, command, path } = await setUp(t);
  const math = await RawProgram.listen(t, address, 'opensrf.math');
  const service = server.routers.get('private.localhost')?.classes.get('opensrf.math');
  const node = service?.nodes.get(math.jid);
  assert.ok(service !== undefined && node !== undefined);
  service.suspect(node, { reason: 'unread', since: Date.now() });
  assert.match((await command('services')).stdout, /opensrf\.math +suspect:unread +0 /);
  const [{ services }] = JSON.parse((await command('services', '--json')).stdout);
  assert.equal(services[0].listeners[0].suspicion, 'unread');
  assert.equal(existsSync(path), true);
  const [finding, ...more] = await checkListeners(process.pid);
  assert.deepEqual([finding?.grade, more], ['warning', []]);
  assert.match(
    finding?.text ?? '',
    /^router@private\.localhost\/router: a listener of opensrf\.math reads nothing \(0 unanswered\): opensrf@private\.localhost\//,
  );
  assert.match(finding?.remedy ?? '', /--restart --service opensrf\.math$/);
  service.suspect(node, null);
  assert.deepEqual(await checkListeners(process.pid), []);
});

test('services needs an account over Jabber only, not over the control interface', async (t) => {
  const { path, command } = await setUp(t);
  assert.equal((await command('services', '--password', 'wrong')).code, 0);
  rmSync(path);
  const refused = await command('services', '--password', 'wrong');
  assert.equal(refused.code, 3);
  assert.match(oneLine(refused.stderr), /cannot log in/);
});

test('services lists the routers of all domains of a site, over the control interface and over Jabber; a named domain is the only one', async (t) => {
  const { address, path, folder, command } = await setUp(t);
  const listed = async (...args: string[]) => {
    const { code, stdout, stderr } = await command('services', '--json', ...args);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).map(({ router, source }: { router: string; source: string }) => `${router} ${source}`);
  };
  const all = ['private', 'public'].map((domain) => `router@${domain}.localhost/router`);
  assert.deepEqual(
    (await listed()).slice(0, 2),
    all.map((router) => `${router} control`),
  );
  assert.deepEqual(await listed('--domain', 'public.localhost'), ['router@public.localhost/router control']);
  rmSync(path);
  const config = join(folder, 'core.xml');
  const trusted = '<trusted_domains><server>private.localhost</server><client>private.localhost</client></trusted_domains>';
  const router = (domain: string) =>
    `<router>${trusted}<transport><server>${domain}</server><port>5222</port><username>router</username><password>password</password></transport></router>`;
  writeFileSync(
    config,
    `<config><opensrf><domain>private.localhost</domain><port>5222</port><username>opensrf</username><passwd>password</passwd></opensrf>
    <routers>${router('private.localhost')}${router('public.localhost')}</routers></config>`,
  );
  assert.deepEqual(
    await listed('--config', config, '--host', address.host),
    all.map((one) => `${one} jabber`),
  );
});

test('the text of services has no line of more than 120 columns: the end of a long name stays', async (t) => {
  const { address, command } = await setUp(t);
  const service = 'open-ils.some-service-with-a-name-of-forty';
  const listener = await RawProgram.listen(t, address, service);
  const { stdout } = await command('services', '--domain', 'private.localhost');
  const lines = stdout.trimEnd().split('\n');
  assert.ok(
    lines.some((line) => line.length === 120 && line.endsWith(listener.jid.slice(-20)) && line.includes(' …')),
    stdout,
  );
  assert.ok(lines.every(({ length }) => length <= 120));
});

test('a control interface of another server is not asked', async (t) => {
  const { command } = await setUp(t);
  const other = await startServer(t);
  await RawProgram.listen(t, other.address, 'opensrf.settings');
  const elsewhere = await new Command(t, 'services', '--json', '--port', String(other.address.port)).outcome();
  assert.equal(elsewhere.stderr, '');
  const [listing] = JSON.parse(elsewhere.stdout);
  assert.deepEqual([listing.source, listing.services.length], ['jabber', 1]);
  assert.equal(JSON.parse((await command('services', '--json')).stdout)[0].source, 'control');
});

test('services queries a router that is not the server’s own over Jabber, and reports so', async (t) => {
  const { address, command } = await setUp(t);
  const router = await RawProgram.login(t, address, 'router', 'router');
  const asked = command('services', '--json');
  router.answerAsRouter(await router.asked(), ['opensrf.outside']);
  router.answerAsRouter(await router.asked(), { 'opensrf.outside': { 'opensrf@a/one': 4 } });
  const outcome = await asked;
  assert.equal(outcome.code, 0);
  assert.match(oneLine(outcome.stderr), /asked over Jabber: the server at http:\/\/127\.0\.0\.1:\d+ is not the router router@private\.localhost\/router/);
  const listener = { jid: 'opensrf@a/one', requests: 4 };
  assert.deepEqual(JSON.parse(outcome.stdout), [
    { router: ROUTER, source: 'jabber', services: [{ service: 'opensrf.outside', requests: 4, listeners: [listener] }] },
  ]);
});

for (const [what, changes, text] of [
  ['a server that has ended', () => ({ pid: deadPid() }), /1\.json is a leftover of a server that has ended/],
  ['a port without a listener', () => ({ url: 'http://127.0.0.1:1' }), /cannot reach the control interface at http:\/\/127\.0\.0\.1:1: /],
  ['another token', () => ({ token: 'a-token-of-yesterday' }), /the control interface at http:\S+ answered: .*token/],
] as const) {
  test(`with the control file of ${what}, status, services and wait fall back to Jabber and print the reason`, async (t) => {
    const { address, url, path, command } = await setUp(t);
    leaveFile(path, { url, address }, changes());
    await RawProgram.listen(t, address, 'opensrf.math');
    const services = await command('services', '--json');
    assert.deepEqual([services.code, JSON.parse(services.stdout)[0].source], [0, 'jabber']);
    assert.match(oneLine(services.stderr), text);
    assert.equal(existsSync(path), what !== 'a server that has ended', 'a file of no use is removed');
    leaveFile(path, { url, address }, changes());
    const { code, stdout } = await command('status', '--json');
    const { ok, source, control, router } = JSON.parse(stdout);
    assert.deepEqual([code, ok, source.kind, control, router.services], [0, true, 'jabber', null, ['opensrf.math']]);
    assert.match(source.note, text);
    leaveFile(path, { url, address }, changes());
    assert.match((await command('status')).stdout, /\nsource +Jabber \(.+\)\n/);
    leaveFile(path, { url, address }, changes());
    const wait = await command('wait', 'opensrf.math', '--timeout', LONG);
    assert.equal(wait.code, 0);
    assert.match(oneLine(wait.stderr), text);
  });
  test(`a named control file of ${what} is an error`, async (t) => {
    const { address, url, path, command } = await setUp(t);
    leaveFile(path, { url, address }, changes());
    if (what === 'a server that has ended') leaveFile(path, { url: 'http://127.0.0.1:1', address }, changes());
    for (const name of ['services', 'status']) {
      const { code, stdout, stderr } = await command(name, '--control-file', path);
      assert.deepEqual([code !== 0, stdout], [true, '']);
      assert.match(oneLine(stderr), /control interface/);
    }
  });
}

test('a program that is not a control interface is reported as that', async (t) => {
  const { address, path, command } = await setUp(t);
  const foreign = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1');
  t.after(() => foreign.close());
  await new Promise((resolve) => foreign.once('listening', resolve));
  leaveFile(path, { url: `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`, address });
  const { code, stderr } = await command('services', '--control-file', path);
  assert.equal(code, 3);
  assert.match(oneLine(stderr), /the program at http:\/\/127\.0\.0\.1:\d+ is not a control interface/);
  assert.match(oneLine((await command('services')).stderr), /asked over Jabber: the program at/);
});

test('a folder that others can write to is ignored', async (t) => {
  const { folder, command } = await setUp(t);
  chmodSync(folder, 0o777);
  assert.equal(JSON.parse((await command('services', '--json')).stdout)[0].source, 'jabber');
});

test('status always tries the login, and shows the figures of the control interface', async (t) => {
  const { address, json, command } = await setUp(t);
  await startMath(t, { address });
  await json('/api/v1/services/opensrf.math/drain', posted({}));
  const { code, stdout } = await command('status', '--json');
  const { ok, source, login, router, control } = JSON.parse(stdout);
  assert.deepEqual([code, ok, source, login.ok, router.services], [0, true, { kind: 'control', note: '' }, true, ['opensrf.math']]);
  assert.deepEqual([control.pid, control.sessions, control.unanswered], [process.pid, 3, 0]);
  const pool = { service: 'opensrf.math', listeners: 1, draining: 1, stalled: 0, requests: 0, unanswered: 0 };
  assert.deepEqual(control.routers[0].services, [pool]);
  const text = await command('status');
  assert.match(
    text.stdout,
    /\nsource +control interface\ncontrol +http:\/\/127\.0\.0\.1:\d+ +process \d+, up \d+ \w+\nnow +3 sessions, 3 connections, 0 unanswered\nso far +\d+ logins/,
  );
  assert.match(text.stdout, /\npool +router@private\.localhost\/router opensrf\.math: 1 listener \(1 draining\), 0 requests, 0 unanswered\n/);
  const refusedLogin = await command('status', '--json', '--password', 'wrong');
  const refused = JSON.parse(refusedLogin.stdout);
  assert.deepEqual([refusedLogin.code, refused.ok, refused.server.ok, refused.login.ok, refused.router.ok], [3, false, true, false, true]);
});

test('wait sees registrations over the control interface, and waits for a control file to appear', async (t) => {
  const { address, url, folder, path, command } = await setUp(t);
  rmSync(path);
  const named = join(folder, 'later.json');
  const waiting = [command('wait', 'opensrf.math', '--timeout', LONG, '--password', 'wrong', '--control-file', named)];
  leaveFile(path, { url, address });
  waiting.push(command('wait', 'opensrf.math', '--timeout', LONG, '--password', 'wrong'));
  await RawProgram.listen(t, address, 'opensrf.math');
  leaveFile(named, { url, address });
  for (const { code, stdout, stderr } of await Promise.all(waiting)) {
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^registered: opensrf\.math /);
  }
  const vain = await command('wait', 'opensrf.none', '--timeout', '2');
  assert.equal(vain.code, 6);
  assert.match(oneLine(vain.stderr), /after 2 s: not registered with router@private\.localhost\/router: opensrf\.none\n$/);
  const absent = await command('wait', 'opensrf.none', '--timeout', '2', '--control-file', join(folder, 'never.json'));
  assert.equal(absent.code, 4);
  assert.match(oneLine(absent.stderr), /cannot read the control file .*never\.json: .* \(waited for opensrf\.none\)/);
});

test('commands find the running server by its addresses, even beside the file of an ended one', async (t) => {
  const folder = runtimeFolder(t);
  const serving = await serve(t, temporaryFolder(t), '--log-level', 'warn', '--console', '0', '--user', 'opensrf:secret');
  const [address] = serving.ready.c2s;
  leaveFile(join(folder, '0.json'), { url: 'http://127.0.0.1:1', address }, { pid: deadPid() });
  for (const host of ['127.0.0.1', 'localhost']) {
    const { code, stdout, stderr } = run('services', '--json', '--host', host, '--port', String(address.port));
    assert.deepEqual([code, stderr, JSON.parse(stdout)[0].source], [0, '', 'control']);
  }
  const named = run('status', '--json', '--password', 'secret', '--control-file', join(folder, `${serving.ready.pid}.json`));
  assert.equal(named.code, 0, 'the server whose control file is named is the one where the login is tried');
  assert.equal(JSON.parse(named.stdout).control.pid, serving.ready.pid);
  await stop(serving);
});
