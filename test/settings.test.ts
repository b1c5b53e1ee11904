import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ChopChop } from '../server/compose/chopchop.ts';
import { type ConfigInput, createConfig } from '../server/config/config.ts';
import { DEFAULT_DOMAINS } from '../server/config/defaults.ts';
import type { BoundAddress } from '../server/net/tcp.ts';
import { OsrfClient } from '../server/osrf/client.ts';
import { OsrfService } from '../server/osrf/service.ts';
import { messagesIn } from '../shared/osrf/read.ts';
import { attribute, cRequest, registration, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';
import { readStanza } from './support/reading.ts';
import { recordingLog, startServer } from './support/server.ts';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/opensrf-xml/', import.meta.url));
const LONE_SERVICE = fileURLToPath(new URL('./support/lone-service.js', import.meta.url));
const SETTINGS = 'opensrf.settings';
const HOST_CONFIG = 'opensrf.settings.host_config.get';
const LOGIN = { domain: 'private.localhost', username: 'opensrf', password: 'password' } as const;

function settingsFile(t: TestContext, xml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'opensrf.xml');
  writeFileSync(path, xml);
  return path;
}

async function startWithSettings(t: TestContext, file: string, input: ConfigInput = {}) {
  const running = await startServer(t, { settings: { file, domains: DEFAULT_DOMAINS }, ...input });
  const client = await OsrfClient.connect({ ...LOGIN, ...running.address, resource: 'client' });
  return { ...running, client, ask: async (method: string, ...params: unknown[]) => (await client.request(SETTINGS, method, ...params).answer).results };
}

/** Another opensrf.settings than the built-in one, recognisable by its answers. */
async function startOther(address: BoundAddress, domain = 'private.localhost'): Promise<OsrfService> {
  const methods = { [HOST_CONFIG]: () => 'another' };
  const service = await OsrfService.start({ ...LOGIN, ...address, domain, service: SETTINGS, workers: 1, methods });
  await service.listener.settled();
  return service;
}

/** By domain, how many listeners opensrf.settings has. */
function listenersOf(server: ChopChop): Record<string, number> {
  return Object.fromEntries(Array.from(server.routers, ([domain, { classes }]) => [domain, classes.get(SETTINGS)?.nodes.size ?? 0]));
}

const EVERYWHERE = { 'private.localhost': 1, 'public.localhost': 1, localhost: 1 };

for (const language of ['c', 'perl']) {
  test(`a service that requests its settings as ${language} programs do starts alone and answers`, async (t) => {
    const { address, client } = await startWithSettings(t, join(FIXTURES, 'minimal.xml'), { router: { holdMs: 30_000 } });
    endWith(t, spawn(process.execPath, [LONE_SERVICE, address.host, String(address.port), language], { stdio: 'inherit' }));
    // The request is held until the service has registered.
    const { results } = await client.request('opensrf.math', 'add', 2, 3).answer;
    assert.deepEqual(results, [{ sum: 5, implementation: 'libosrf_math.so' }]);
  });
}

test('the methods answer as those of the Perl service do', async (t) => {
  const { ask } = await startWithSettings(t, join(FIXTURES, 'order.xml'));
  const defaults = { name: 'second default', list: { i: [8, 9] }, both: { x: 1 } };
  const rows: readonly (readonly [method: string, params: readonly unknown[], results: readonly unknown[]])[] = [
    [HOST_CONFIG, ['b'], [{ name: 'b', list: { i: 7 }, both: { x: 1 } }]],
    [HOST_CONFIG, ['b', null], [{ name: 'b', list: { i: 7 }, both: { x: 1 } }]],
    [HOST_CONFIG, ['nobody', 0], [defaults]],
    [HOST_CONFIG, [], [defaults]],
    [HOST_CONFIG, [null], [defaults]],
    ['opensrf.settings.default_config.get', [null], [defaults]],
    ['opensrf.settings.xpath.get', ['//name'], [['a', 'default', 'second default', 'b']]],
    ['opensrf.settings.xpath.get.raw', ['/opensrf/nosuch'], [[]]],
    ['opensrf.system.echo', [1, 'two', { three: 3 }], [1, 'two', { three: 3 }]],
  ];
  for (const [method, params, results] of rows) assert.deepEqual(await ask(method, ...params), results, `${method} ${JSON.stringify(params)}`);
  const [time] = await ask('opensrf.system.time');
  assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 60);
  const described = (await ask('opensrf.system.method', 'opensrf.settings.')) as { api_name: string }[];
  const own = ['opensrf.settings.default_config.get', HOST_CONFIG, 'opensrf.settings.xpath.get', 'opensrf.settings.xpath.get.raw'];
  assert.deepEqual(
    described.map(({ api_name: name }) => name),
    own,
  );
  assert.equal((await ask('opensrf.system.method.all')).length, own.length + 4);
});

test('without content the answer is complete without a result', async (t) => {
  const { ask } = await startWithSettings(t, join(FIXTURES, 'minimal.xml'));
  assert.deepEqual(await ask(HOST_CONFIG, 'nobody'), []);
  assert.deepEqual(await ask('opensrf.settings.default_config.get'), []);
});

test('an invalid host or expression, and an unknown method, are refused as by the Perl service', async (t) => {
  const { ask } = await startWithSettings(t, join(FIXTURES, 'usual.xml'));
  const failed = (method: string) => new RegExp(`^500 {2}\\*\\*\\* Call to \\[${method}\\] failed for session \\[[^\\]]+\\], thread trace \\[1\\]:\\n.+\\n$`);
  for (const host of ['127.0.0.1', 'a b', 7, {}, ['a']]) await assert.rejects(ask(HOST_CONFIG, host), { message: failed(HOST_CONFIG) }, String(host));
  for (const xpath of ['//[', 'count(//a)', null, {}])
    await assert.rejects(ask('opensrf.settings.xpath.get', xpath), { message: failed('opensrf.settings.xpath.get') });
  await assert.rejects(ask('nosuch'), { message: '404 Method [nosuch] not found for OpenSRF::Application::Settings' });
  assert.equal((await ask(HOST_CONFIG, 'localhost')).length, 1, 'it is none the worse');
});

test('a request whose method is not a string is refused, and the service continues', async (t) => {
  const { address, ask } = await startWithSettings(t, join(FIXTURES, 'usual.xml'));
  const peer = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'rude');
  const request = requestBody('x').replace('"method":"x"', '"method":{"toString":1}');
  peer.send(cRequest('router@private.localhost/opensrf.settings', 'x', 't', request));
  assert.match(await peer.message(), /Method \[.*toString.*\] not found/);
  assert.equal((await ask(HOST_CONFIG, 'localhost')).length, 1);
});

test('every router knows the built-in service, and its answers come from its own domain', async (t) => {
  const { server, address } = await startWithSettings(t, join(FIXTURES, 'usual.xml'));
  assert.deepEqual(listenersOf(server), EVERYWHERE);
  for (const domain of server.config.domains) {
    const client = await OsrfClient.connect({ ...LOGIN, ...address, domain, resource: 'asker' });
    const { results, from } = await client.request(SETTINGS, HOST_CONFIG, 'localhost').answer;
    assert.equal(results.length, 1);
    assert.match(from, /^opensrf@private\.localhost\/opensrf\.settings_drone_at_localhost_\d/);
  }
});

test('by default it registers only with the router of the first domain, because the file contains passwords', async (t) => {
  const { server } = await startServer(t, { settings: { file: join(FIXTURES, 'usual.xml') } });
  assert.deepEqual(listenersOf(server), { 'private.localhost': 1, 'public.localhost': 0, localhost: 0 });
});

test('only the routers of the named domains know it, if domains are named', async (t) => {
  const settings = { file: join(FIXTURES, 'usual.xml'), domains: ['localhost'] };
  const { server } = await startServer(t, { settings });
  assert.deepEqual(listenersOf(server), { 'private.localhost': 0, 'public.localhost': 0, localhost: 1 });
});

test('it unregisters everywhere while another one is registered anywhere, and registers again after the last has left', async (t) => {
  const { server, address, ask, log } = await startWithSettings(t, join(FIXTURES, 'minimal.xml'));
  const [own] = await ask(HOST_CONFIG, 'localhost');
  const first = await startOther(address);
  assert.deepEqual(listenersOf(server), { 'private.localhost': 1, 'public.localhost': 0, localhost: 0 });
  for (let times = 0; times < 3; times++) assert.deepEqual(await ask(HOST_CONFIG, 'localhost'), ['another']);
  const second = await startOther(address, 'public.localhost');
  // Without an `unregister`, as a killed process leaves.
  await first.listener.close();
  assert.deepEqual(listenersOf(server), { 'private.localhost': 0, 'public.localhost': 1, localhost: 0 });
  await second.stop();
  assert.deepEqual(listenersOf(server), EVERYWHERE);
  assert.deepEqual(await ask(HOST_CONFIG, 'localhost'), [own]);
  const third = await startOther(address, 'localhost');
  assert.deepEqual(listenersOf(server), { 'private.localhost': 0, 'public.localhost': 0, localhost: 1 });
  await third.stop();
  assert.deepEqual(listenersOf(server), EVERYWHERE);
  const messages = log.lines.filter(({ message }) => message.includes('the built-in one')).map(({ message }) => message);
  assert.deepEqual(
    messages,
    [1, 2].flatMap(() => [
      'another opensrf.settings registered; the built-in one unregistered',
      'the other opensrf.settings left; the built-in one registered again',
    ]),
  );
});

test('a request sent right after the other service unregisters reaches the built-in one or is refused', async (t) => {
  const { address, ask } = await startWithSettings(t, join(FIXTURES, 'minimal.xml'));
  const other = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'other');
  const router = 'router@private.localhost/router';
  other.send(registration('register', router, '', SETTINGS));
  other.send(registration('unregister', router, '', SETTINGS) + cRequest('router@private.localhost/opensrf.settings', '', 't', requestBody(HOST_CONFIG)));
  assert.match(await other.message(), /"statusCode":"(404|200)"|"type":"STATUS"/);
  assert.equal((await ask(HOST_CONFIG, 'localhost')).length, 1);
});

test('the built-in settings register with an external router, and unregister from it', async (t) => {
  const { server, address, log } = await startWithSettings(t, join(FIXTURES, 'minimal.xml'));
  const router = await (await Peer.connect(t, address)).login('router', 'private.localhost', 'router');
  const registered = await router.message();
  assert.equal(attribute(registered, 'router_command'), 'register');
  assert.equal(attribute(registered, 'router_class'), SETTINGS);
  const other = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'other');
  other.send(registration('register', 'router@private.localhost/router', '', SETTINGS));
  assert.equal(attribute(await router.message(), 'from'), 'opensrf@private.localhost/other');
  const left = await router.message();
  assert.deepEqual([attribute(left, 'router_command'), attribute(left, 'from')], ['unregister', attribute(registered, 'from')]);
  router.send('</stream:stream>');
  await router.closed();
  assert.deepEqual(listenersOf(server), { 'private.localhost': 1, 'public.localhost': 0, localhost: 0 });
  assert.deepEqual([...(server.routers.get('private.localhost')?.classes.get(SETTINGS)?.nodes.keys() ?? [])], ['opensrf@private.localhost/other']);
  assert.equal(log.lines.filter(({ level }) => level === 'error').length, 0);
});

test('when one of its sessions is replaced the service ends, and requests are refused', async (t) => {
  const { server, address, ask, client, log } = await startWithSettings(t, join(FIXTURES, 'minimal.xml'));
  const { from } = await client.request(SETTINGS, HOST_CONFIG, 'localhost').answer;
  await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', from.slice(from.indexOf('/') + 1));
  // The listener's stream ends in its own time.
  while (server.routers.get('localhost')?.classes.has(SETTINGS)) await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(ask(HOST_CONFIG, 'localhost'), /^OsrfError: 404/);
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error').map(({ message }) => message),
    ['the built-in opensrf.settings lost a connection and ended'],
  );
});

test("large settings are sent in pieces by OpenSRF's rules, and equal the file's content", async (t) => {
  const names = Array.from({ length: 3_000 }, (_, index) => `app${index}`);
  const apps = names.map((name) => `<${name}><keepalive>3</keepalive><language>perl</language></${name}>`).join('\n');
  const { address, ask } = await startWithSettings(t, settingsFile(t, `<opensrf><default><apps>${apps}</apps></default></opensrf>`));
  const expected = { apps: Object.fromEntries(names.map((name) => [name, { keepalive: 3, language: 'perl' }])) };
  assert.deepEqual(await ask(HOST_CONFIG, 'localhost'), [expected]);

  const peer = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'raw');
  peer.send(cRequest('router@private.localhost/opensrf.settings', '', 'thread', requestBody(HOST_CONFIG, ['localhost'])));
  let json = '';
  const codes: number[] = [];
  while (codes.at(-1) !== 205) {
    const stanza = await peer.message();
    assert.ok(stanza.length < 65_536, `a stanza of ${stanza.length} characters`);
    const messages = messagesIn(readStanza(stanza)) ?? [];
    assert.equal(messages.length, 1, 'one piece in a stanza');
    const { payloadClass, payload } = messages[0] as NonNullable<(typeof messages)[0]>;
    codes.push(Number(payload['statusCode']));
    if (payloadClass === 'osrfResultPartial') json += String(payload['content']);
  }
  assert.ok(codes.length > 8, `${codes.length} stanzas`);
  assert.deepEqual(codes.slice(-3), [206, 204, 205]);
  assert.ok(codes.slice(0, -2).every((code) => code === 206));
  assert.deepEqual(JSON.parse(json), expected);
});

test('a request can reload the file; a broken file changes nothing and is logged', async (t) => {
  const file = settingsFile(t, '<opensrf><default><a>1</a></default></opensrf>');
  const { ask, log } = await startWithSettings(t, file);
  writeFileSync(file, '<opensrf><default><a>2</a></default></opensrf>');
  assert.deepEqual(await ask(HOST_CONFIG, 'localhost', 0), [{ a: 1 }]);
  assert.deepEqual(await ask(HOST_CONFIG, 'localhost', 1), [{ a: 2 }]);
  writeFileSync(file, '<opensrf>\n<default>');
  assert.deepEqual(await ask('opensrf.settings.default_config.get', 'yes'), [{ a: 2 }]);
  const [error] = log.lines.filter(({ level }) => level === 'error');
  assert.deepEqual(error?.fields, { part: 'settings', file, problem: `${file}:2: <default> is not closed` });
});

test('with an invalid file nothing starts, and with a valid one it then starts, repeatedly', async (t) => {
  const file = settingsFile(t, '<opensrf>');
  const server = new ChopChop(createConfig({ port: 0, settings: { file } }), recordingLog());
  t.after(() => server.stop());
  await assert.rejects(server.start(), { name: 'SettingsError', message: `${file}:1: <opensrf> is not closed` });
  assert.equal(server.connectionCount, 0);
  for (const value of [1, 2]) {
    writeFileSync(file, `<opensrf><default><a>${value}</a></default></opensrf>`);
    const [address] = (await server.start()) as [BoundAddress];
    const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'client' });
    assert.deepEqual((await client.request(SETTINGS, HOST_CONFIG).answer).results, [{ a: value }]);
    await server.stop();
    assert.deepEqual([server.connectionCount, server.sessionCount], [0, 0]);
  }
});
