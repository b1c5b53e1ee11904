import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readOpensrfCore } from '../server/config/sources/opensrf-core.ts';
import {
  anything,
  type ChopChopFixture,
  containing,
  type FixtureOptions,
  OsrfClient,
  OsrfError,
  OsrfTimeout,
  type ServiceRequest,
  ServiceStatus,
  startChopChop,
} from '../server/index.ts';
import { temporaryFolder } from './support/command.ts';
import { cRequest, requestBody } from './support/osrf.ts';
import { Peer } from './support/peer.ts';

async function start(t: TestContext, options: FixtureOptions = {}): Promise<ChopChopFixture> {
  const jabber = await startChopChop(options);
  t.after(() => jabber.stop());
  return jabber;
}

const add = (a: number, b: number) => a + b;

test('a stub, a client and an assertion work together', async () => {
  await using jabber = await startChopChop();
  // Not waited for: `connect` does that.
  void jabber.service('opensrf.math', { add });
  const client = await jabber.connect();
  assert.equal(await client.request('opensrf.math', 'add', 2, 2), 4);
  assert.deepEqual(
    jabber.received({ service: 'opensrf.math', method: 'add' }).map(({ params, results }) => ({ params, results })),
    [{ params: [2, 2], results: [4] }],
  );
  await jabber.reset();
  assert.deepEqual(jabber.received(), []);
  await assert.rejects(
    client.request('opensrf.math', 'add', 2, 2),
    (error) => error instanceof OsrfError && error.kind === 'router' && error.statusCode === 404,
  );
});

test('a fixture listens on all requested transports, and reports the addresses', async (t) => {
  const unix = join(temporaryFolder(t), 'chopchop.sock');
  const { listening, port } = await start(t, { tls: { certificate: 'self-signed', ports: [0] }, websocket: { ports: [0] }, unix: { paths: [unix] } });
  assert.equal(listening.c2s[0]?.port, port);
  assert.ok((listening.tls[0]?.port ?? 0) > 0);
  assert.match(listening.websocket[0]?.url ?? '', /^ws:\/\/127\.0\.0\.1:\d+\/xmpp-websocket$/);
  assert.deepEqual(listening.unix, [unix]);
});

test('a fixture names its domains, services and sessions; a client knows whether it is logged in', async (t) => {
  const jabber = await start(t, { domains: ['private.localhost', 'public.localhost'] });
  const stub = await jabber.service('opensrf.math', { add });
  const [one, two] = [await jabber.connect({ resource: 'one' }), await jabber.connect({ resource: 'two', domain: 'public.localhost' })];
  assert.deepEqual(jabber.domains, ['private.localhost', 'public.localhost']);
  assert.deepEqual(jabber.services(), ['opensrf.math']);
  assert.deepEqual(jabber.sessions().toSorted(), [stub.listener, ...stub.workers, one.jid, two.jid].toSorted());
  await one.close();
  two.kill();
  assert.deepEqual([one.open, two.open], [false, false]);
  assert.deepEqual(jabber.sessions().toSorted(), [stub.listener, ...stub.workers].toSorted());
});

test('functions, promises, generators and definitions answer as a service does', async (t) => {
  const jabber = await start(t);
  await jabber.service('opensrf.many', {
    later: async (value: unknown) => value,
    *split(text: string) {
      yield* text.split(' ');
    },
    async *slowly() {
      yield 1;
      await Promise.resolve();
      yield undefined;
    },
    nothing() {},
    who: { handle: ({ session, locale, ingress, apiLevel, params }: ServiceRequest) => ({ client: session.client, locale, ingress, apiLevel, params }) },
    gives: {
      handle(request: ServiceRequest, times: number) {
        for (let number = 1; number < times; number++) request.respond(number);
        return times;
      },
    },
  });
  const client = await jabber.connect({ resource: 'me', locale: 'fr-CA', ingress: 'test' });
  const results = async (method: string, ...params: unknown[]) => (await client.request('opensrf.many', method, ...params).answer).results;
  assert.deepEqual(await results('later', { a: null }), [{ a: null }]);
  assert.deepEqual(await results('split', 'a b'), ['a', 'b']);
  assert.deepEqual(await results('slowly'), [1, null]);
  assert.deepEqual(await results('nothing'), []);
  assert.deepEqual(await results('gives', 3), [1, 2, 3]);
  assert.deepEqual(await results('who', 7), [{ client: 'opensrf@localhost/me', locale: 'fr-CA', ingress: 'test', apiLevel: 1, params: [7] }]);
  const iterated: unknown[] = [];
  for await (const word of client.request('opensrf.many', 'split', 'x y z')) iterated.push(word);
  assert.deepEqual(iterated, ['x', 'y', 'z']);
});

test('a stub answers with any status, and an exception is status 500', async (t) => {
  const jabber = await start(t);
  await jabber.service('opensrf.bad', {
    refuse: (code: number) => {
      throw new ServiceStatus(code, 'as you wish');
    },
    broken: () => {
      throw new Error('no such table');
    },
    *half() {
      yield 1;
      throw new ServiceStatus(500, 'no more');
    },
    unprintable: () => 1n,
  });
  const client = await jabber.connect();
  const status = (code: number, text: RegExp) => (error: unknown) =>
    error instanceof OsrfError && error.kind === 'service' && error.statusCode === code && text.test(error.message);
  for (const code of [400, 403, 404, 503, 999]) await assert.rejects(client.request('opensrf.bad', 'refuse', code), status(code, /as you wish/));
  await assert.rejects(client.request('opensrf.bad', 'broken'), status(500, /Call to \[broken\] failed.*no such table/s));
  await assert.rejects(client.request('opensrf.bad', 'unprintable'), status(500, /BigInt/));
  await assert.rejects(client.request('opensrf.bad', 'nosuch'), status(404, /Method \[nosuch\] not found for service opensrf\.bad/));
  const request = client.request('opensrf.bad', 'half');
  const before: unknown[] = [];
  await assert.rejects(
    async () => {
      for await (const result of request) before.push(result);
    },
    status(500, /no more/),
  );
  assert.deepEqual(before, [1]);
  assert.throws(() => new ServiceStatus(200, 'ok'), RangeError);
});

test('a connected session keeps to one worker and has state of its own; without one, each request has its own', async (t) => {
  const jabber = await start(t);
  const count = {
    handle({ session }: ServiceRequest) {
      session.state.set('count', (session.state.get('count') ?? 0) + 1);
      return { count: session.state.get('count'), connected: session.connected };
    },
  };
  const stub = await jabber.service('opensrf.stateful', { count }, { workers: 2 });
  const client = await jabber.connect();
  const [one, two] = [client.session('opensrf.stateful'), client.session('opensrf.stateful')];
  const workers = [await one.connect(), await two.connect()];
  assert.deepEqual(workers.toSorted(), stub.workers.toSorted());
  assert.deepEqual(await one.request('count'), { count: 1, connected: true });
  assert.deepEqual(await one.request('count'), { count: 2, connected: true });
  assert.deepEqual(await two.request('count'), { count: 1, connected: true });
  one.disconnect();
  assert.deepEqual(await client.request('opensrf.stateful', 'count'), { count: 1, connected: false });
  assert.deepEqual(await client.request('opensrf.stateful', 'count'), { count: 1, connected: false });
});

test('a status that ends the session frees its worker, and the client finds another', async (t) => {
  const jabber = await start(t);
  let calls = 0;
  const method = () => {
    if (++calls === 2) throw new ServiceStatus(307, 'Disconnect on max requests');
    return calls;
  };
  await jabber.service('opensrf.limited', { method }, { maxWorkers: 1 });
  const session = (await jabber.connect()).session('opensrf.limited');
  await session.connect();
  assert.equal(await session.request('method'), 1);
  assert.equal(await session.request('method'), 3);
});

test('workers come as they are needed; requests beyond the backlog are refused with status 503', async (t) => {
  const jabber = await start(t);
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let running = 0;
  const method = async () => {
    running++;
    await released;
    return running;
  };
  const stub = await jabber.service('opensrf.slow', { method }, { maxWorkers: 3, maxBacklog: 2 });
  const client = await jabber.connect();
  const requests: PromiseLike<number>[] = [];
  for (let number = 1; number <= 3; number++) {
    requests.push(client.request('opensrf.slow', 'method'));
    await jabber.waitForRequest({ service: 'opensrf.slow' });
    while (running < number) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(stub.workers.length, 3);
  requests.push(client.request('opensrf.slow', 'method'), client.request('opensrf.slow', 'method'));
  await assert.rejects(client.request('opensrf.slow', 'method'), /503 Service unavailable: no available children and backlog queue at limit/);
  release();
  await Promise.all(requests);
  assert.equal(running, 5);
});

test('large results travel in pieces, small ones in bundles; a method may have its own sizes', async (t) => {
  const jabber = await start(t);
  const ten = function* () {
    for (let number = 0; number < 10; number++) yield 'x'.repeat(100);
  };
  await jabber.service('opensrf.sizes', {
    echo: (text: string) => text,
    ten,
    single: { handle: ten, maxBundleSize: 0 },
    pairs: { handle: ten, maxBundleCount: 2 },
    small: { handle: (_request: ServiceRequest, text: string) => text, maxChunkSize: 10 },
  });
  const peer = await (await Peer.connect(t, jabber.addresses[0] as never)).login('opensrf', 'localhost', 'raw');
  const codes = async (method: string, ...params: unknown[]) => {
    peer.send(cRequest('router@localhost/opensrf.sizes', '', method, requestBody(method, params)));
    const stanzas: number[][] = [];
    while (!stanzas.flat().includes(205)) stanzas.push([...(await peer.message()).matchAll(/statusCode":"(\d+)/g)].map(([, code]) => Number(code)));
    return stanzas;
  };
  assert.deepEqual(await codes('echo', 'x'.repeat(60_000)), [[206], [206], [204], [205]]);
  assert.deepEqual(await codes('ten'), [[...Array(10).fill(200), 205]]);
  assert.deepEqual(await codes('single'), [...Array(10).fill([200]), [205]]);
  assert.deepEqual(await codes('pairs'), [...Array(5).fill([200, 200]), [205]]);
  // With its quotes five characters, which take 27 as XML.
  assert.deepEqual(await codes('small', 'abc'), [[206], [206], [206], [206], [206], [204], [205]]);
});

test('introspection lists a stub’s methods, and every service has echo and time', async (t) => {
  const jabber = await start(t);
  await jabber.service('opensrf.math', { add, mult: { handle: (_: ServiceRequest, a: number, b: number) => a * b, notes: 'multiplies' } });
  const methods = await (await jabber.connect()).request('opensrf.math', 'opensrf.system.method.all').answer;
  const methodNamed = (name: string) => methods.results.find((method) => (method as { api_name: string }).api_name === name);
  assert.deepEqual(methodNamed('add'), { api_name: 'add', api_level: 1, server_class: 'opensrf.math', package: 'opensrf.math', argc: 2, stream: false });
  assert.deepEqual(methodNamed('mult'), { ...(methodNamed('add') as object), api_name: 'mult', notes: 'multiplies' });
  assert.ok(methodNamed('opensrf.system.echo') && methodNamed('opensrf.system.time'));
  assert.equal(await jabber.request('opensrf.math', 'opensrf.system.echo', 'a'), 'a');
});

test('received and verify find requests by service, method, parameters, client and transaction id', async (t) => {
  const jabber = await start(t);
  await jabber.service('opensrf.math', { add });
  const [alice, bob] = [await jabber.connect({ resource: 'alice' }), await jabber.connect({ resource: 'bob' })];
  await alice.request('opensrf.math', 'add', 1, { deep: { a: 1, b: 2 } });
  await bob.request('opensrf.math', 'add', 3, 4);
  await alice.request('opensrf.math', 'nosuch', 'text').catch(() => {});
  const asked = (filter: Parameters<typeof jabber.received>[0]) => jabber.received(filter).map(({ method, client }) => `${method} ${client}`);
  assert.equal(asked({}).length, 3);
  assert.deepEqual(asked({ method: /^a/, client: bob.jid }), [`add ${bob.jid}`]);
  assert.deepEqual(asked({ client: 'opensrf@localhost', params: [3, 4] }), [`add ${bob.jid}`]);
  assert.deepEqual(asked({ params: [1, containing({ deep: containing({ b: 2 }) })] }), [`add ${alice.jid}`]);
  assert.deepEqual(asked({ params: [(value: number) => value > 2, anything()] }), [`add ${bob.jid}`]);
  assert.deepEqual(asked({ params: [/^te/] }), [`nosuch ${alice.jid}`]);
  assert.deepEqual(asked({ params: [1] }), []);
  const [first] = jabber.received();
  assert.equal(asked({ transactionId: first?.transactionId ?? 'none' }).length, 1);
  jabber.verify({ service: 'opensrf.math' });
  jabber.verify({ method: 'add' }, 2);
  jabber.verify({ method: 'add' }, { min: 1, max: 2 });
  jabber.verify({ service: 'other' }, 0);
  jabber.verifyOrder({ method: 'add', params: [1, anything()] }, { method: 'nosuch' });
  assert.throws(() => jabber.verify({ method: 'add' }, 3), {
    name: 'VerificationError',
    message: /any service add: received 2 times, expected 3 times\nReceived requests:\n {2}opensrf\.math add\(1, \{"deep"/,
  });
  assert.throws(() => jabber.verify({ method: 'mult' }), /any service mult: received 0 times, expected at least once/);
  assert.throws(() => jabber.verify({ method: 'add' }, { max: 1 }), /expected at most once/);
  assert.throws(
    () => jabber.verifyOrder({ method: 'nosuch' }, { method: 'add' }),
    /any service add was not received after any service nosuch.*nosuch\("text"\): refused 404 Method/s,
  );
  assert.throws(() => jabber.received({ methode: 'add' } as object), /a filter has no "methode"/);
});

test('waiting for a request or a service resolves, or rejects with a time-out', async (t) => {
  const jabber = await start(t);
  const service = jabber.waitForService('opensrf.math');
  const request = jabber.waitForRequest({ method: 'add' });
  await jabber.service('opensrf.math', { add });
  await service;
  await jabber.waitForService('opensrf.math', { domain: 'localhost' });
  void (await jabber.connect()).request('opensrf.math', 'add', 5, 6);
  assert.deepEqual((await request).params, [5, 6]);
  await assert.rejects(
    jabber.waitForRequest({ method: 'mult' }, 1),
    (error) => error instanceof OsrfTimeout && /a request any service mult/.test(error.message),
  );
  await assert.rejects(jabber.waitForService('opensrf.none', { timeoutMs: 1 }), /the registration of opensrf\.none: no answer within 0\.001 s/);
});

test('reset resets the named scopes only', async (t) => {
  const jabber = await start(t);
  await jabber.service('opensrf.math', { add });
  jabber.fault({ service: 'opensrf.math', status: 500 });
  const client = await jabber.connect();
  await assert.rejects(client.request('opensrf.math', 'add', 1, 1), /500 injected fault/);
  await jabber.reset('faults');
  assert.equal(await client.request('opensrf.math', 'add', 1, 1), 2);
  assert.equal(jabber.received().length, 2);
  await jabber.reset('log');
  assert.equal(jabber.received().length, 0);
  await jabber.reset('sessions');
  await assert.rejects(client.request('opensrf.math', 'add', 1, 1), (error) => error instanceof OsrfError && error.kind === 'connection');
  assert.equal(await jabber.request('opensrf.math', 'add', 1, 1), 2);
  await jabber.reset('stubs');
  assert.deepEqual(jabber.services(), []);
});

test('a killed stub ends like a crashed program', async (t) => {
  const jabber = await start(t, { router: { lossGraceMs: 0 } });
  let asked = () => {};
  const running = new Promise<void>((resolve) => (asked = resolve));
  const never = () => {
    asked();
    return new Promise(() => {});
  };
  const stub = await jabber.service('opensrf.crash', { never });
  const client = await jabber.connect();
  const request = client.request('opensrf.crash', 'never');
  await running;
  stub.kill();
  await assert.rejects(request, /503/);
  assert.deepEqual(jabber.services(), []);
});

test('the files of a site name the real port, accounts and domains', async (t) => {
  const folder = temporaryFolder(t);
  const jabber = await start(t, { domains: ['private.localhost', 'public.localhost'], logProtect: ['open-ils.auth'] });
  await jabber.service('opensrf.math', { add });
  const files = jabber.writeConfig(join(folder, 'conf'));
  const core = readOpensrfCore(files.core);
  assert.deepEqual(core.warnings, []);
  assert.deepEqual(
    core.clients.map(({ name, domain, port, username, password, routerName }) => [name, domain, port, username, password, routerName]),
    ['opensrf', 'gateway'].map((name) => [name, 'private.localhost', jabber.port, 'opensrf', 'password', 'router']),
  );
  assert.deepEqual(
    core.routers.map(({ domain, port, username, trustedClients }) => [domain, port, username, trustedClients]),
    ['private.localhost', 'public.localhost'].map((domain) => [domain, jabber.port, 'router', ['private.localhost', 'public.localhost']]),
  );
  assert.deepEqual(
    core.registrations.map(({ target }) => target),
    ['private.localhost', 'public.localhost'],
  );
  assert.deepEqual([core.logProtect, core.settingsConfig], [['open-ils.auth'], files.settings]);
  assert.equal(readOpensrfCore(files.srfsh).clients[0]?.port, jabber.port);
  assert.equal(readFileSync(join(folder, 'conf', '.srfsh.xml'), 'utf8'), readFileSync(files.srfsh, 'utf8'));
  await using settings = await startChopChop({ settings: { file: files.settings } });
  assert.equal(settings.writeConfig(join(folder, 'other')).settings, files.settings);
  assert.equal(
    await settings.request('opensrf.settings', 'opensrf.settings.host_config.get', 'localhost').then((config) => config.activeapps.appname),
    'opensrf.math',
  );
  await using copy = await startChopChop({ config: files.core, port: 0 });
  assert.deepEqual(copy.domains, ['private.localhost', 'public.localhost']);
});

test('a client logs in by the environment that a child process gets', async (t) => {
  const jabber = await start(t);
  await jabber.service('opensrf.math', { add });
  const { OSRF_HOST, OSRF_PORT, OSRF_DOMAIN, OSRF_USERNAME, OSRF_PASSWORD, OSRF_ROUTER } = jabber.env() as Record<string, string>;
  assert.equal(OSRF_ROUTER, 'router');
  const login = {
    host: OSRF_HOST as string,
    port: Number(OSRF_PORT),
    domain: OSRF_DOMAIN as string,
    username: OSRF_USERNAME as string,
    password: OSRF_PASSWORD as string,
  };
  await using client = await OsrfClient.connect({ ...login, resource: 'child' });
  assert.equal(await client.request('opensrf.math', 'add', 1, 2), 3);
});
