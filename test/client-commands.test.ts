import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { VERSION } from '../server/kernel/version.ts';
import { Command } from './support/background-command.ts';
import { LONG, type Outcome } from './support/command.ts';
import { RawProgram, status } from './support/raw-service.ts';
import { startServer } from './support/server.ts';

const ROUTER = 'router@private.localhost/router';

async function setUp(t: TestContext, input: Parameters<typeof startServer>[1] = {}) {
  const started = await startServer(t, input);
  const command = (...args: string[]) => new Command(t, ...args, '--port', String(started.address.port));
  return { ...started, command };
}

function oneLine({ stderr }: Outcome): string {
  assert.match(stderr, /^opensrf-chopchop: .+\n$/, 'one line, no stack trace');
  return stderr;
}

/** A port that closes every connection at once. */
async function rudeServer(t: TestContext, greet: (socket: Socket) => void) {
  const server = createServer((socket) => greet(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { server, port: (server.address() as { port: number }).port };
}

/** Answers as the C router does, from the program's own login, until the test ends. */
async function playRouter(router: RawProgram, classes: Record<string, Record<string, number>>): Promise<void> {
  for (;;) {
    const asked = await router.asked();
    const method = asked.message.payload.__p.method;
    if (method === 'opensrf.router.info.class.list') router.answerAsRouter(asked, Object.keys(classes));
    else if (method === 'opensrf.router.info.stats.class.all') router.answerAsRouter(asked, classes);
    else router.answer(asked, status('C', asked.threadTrace, 404, 'Router method not found', 'osrfMethodException'));
  }
}

test('services lists classes, listeners and counts of our router, as a table and as JSON', async (t) => {
  const { address, command } = await setUp(t);
  const [math, settings] = [await RawProgram.listen(t, address, 'opensrf.math'), await RawProgram.listen(t, address, 'opensrf.settings')];
  const table = await command('services').outcome();
  assert.deepEqual(
    table.stdout.split('\n').map((line) => line.split(/ +/)),
    [
      [ROUTER, '(by', 'Jabber)'],
      ['SERVICE', 'STATE', 'HANDED', 'ANSWERED', 'OPEN', 'LISTENER'],
      ['opensrf.math', '-', '0', '-', '-', math.jid],
      ['opensrf.settings', '-', '0', '-', '-', settings.jid],
      [''],
    ],
  );
  const json = await command('services', '--json').outcome();
  assert.deepEqual([json.code, json.stderr], [0, '']);
  assert.deepEqual(JSON.parse(json.stdout), [
    {
      router: ROUTER,
      source: 'jabber',
      services: [
        { service: 'opensrf.math', requests: 0, listeners: [{ jid: math.jid, requests: 0 }] },
        { service: 'opensrf.settings', requests: 0, listeners: [{ jid: settings.jid, requests: 0 }] },
      ],
    },
  ]);
});

test("services reads another implementation's router", async (t) => {
  const { address, command } = await setUp(t);
  const router = await RawProgram.login(t, address, 'router', 'router');
  void playRouter(router, { 'opensrf.math': { 'opensrf@a/one': 4, 'opensrf@a/two': 3 }, 'opensrf.none': {} }).catch(() => {});
  const outcome = await command('services', '--json').outcome();
  assert.deepEqual([outcome.code, outcome.stderr], [0, '']);
  assert.deepEqual(JSON.parse(outcome.stdout)[0].services, [
    {
      service: 'opensrf.math',
      requests: 7,
      listeners: [
        { jid: 'opensrf@a/one', requests: 4 },
        { jid: 'opensrf@a/two', requests: 3 },
      ],
    },
    { service: 'opensrf.none', requests: 0, listeners: [] },
  ]);
  assert.match((await command('services').outcome()).stdout, /opensrf\.none\s+-\s+-\s+-\s+-\s+none\n/);
});

test('services asks the routers of several domains, and one that fails does not hide the others', async (t) => {
  const { command } = await setUp(t);
  const both = await command('services', '--domain', 'private.localhost', '--domain', 'public.localhost', '--json').outcome();
  assert.deepEqual(
    JSON.parse(both.stdout).map(({ router }: { router: string }) => router),
    [ROUTER, 'router@public.localhost/router'],
  );
  const one = await command('services', '--domain', 'private.localhost', '--domain', 'nowhere', '--json').outcome();
  assert.equal(one.code, 7);
  assert.deepEqual(JSON.parse(one.stdout), [{ router: ROUTER, source: 'jabber', services: [] }]);
  assert.match(oneLine(one), /router@nowhere\/router: \d+ the message bounced/);
});

test('services reports a router that refuses (exit code 5), is silent (6) or is absent (7)', async (t) => {
  const { address, command } = await setUp(t, { router: { trustedServers: new Map([['public.localhost', ['public.localhost']]]) } });
  const refused = await command('services', '--domain', 'private.localhost', '--domain', 'public.localhost').outcome();
  assert.equal(refused.code, 5);
  assert.match(oneLine(refused), /router@public\.localhost\/router: 403 Domain private\.localhost is not trusted/);
  await RawProgram.login(t, address, 'router', 'router');
  const silent = await command('services', '--timeout', '2').outcome();
  assert.equal(silent.code, 6);
  assert.match(oneLine(silent), /router@private\.localhost\/router does not answer: too busy, or it does not trust our domain/);
  assert.equal((await command('services', '--router', 'nobody').outcome()).code, 7);
});

test('status reports each check and its time, as text and as JSON', async (t) => {
  const { address, command } = await setUp(t);
  await RawProgram.listen(t, address, 'opensrf.math');
  const text = await command('status').outcome();
  assert.deepEqual([text.code, text.stderr], [0, '']);
  const expected = [/^server +ok +127\.0\.0\.1:\d+ +[\d.]+ ms$/, /^login +ok +opensrf@private\.localhost +[\d.]+ ms$/];
  expected.push(/^router +ok +router@private\.localhost\/router +[\d.]+ ms, 1 service$/, /^version +opensrf-chopchop \d+\.\d+\.\d+ \(.+\)/, /^source +Jabber$/);
  for (const [index, line] of text.stdout.trim().split('\n').entries()) assert.match(line, expected[index] as RegExp);
  const json = JSON.parse((await command('status', '--json').outcome()).stdout);
  assert.equal(json.ok, true);
  assert.deepEqual(json.router.services, ['opensrf.math']);
  assert.deepEqual([json.version.name, json.version.version, json.client], ['opensrf-chopchop', VERSION, VERSION]);
});

test('status reports the failed step, with an exit code of its own', async (t) => {
  const { address, command } = await setUp(t);
  const oks = ({ stdout }: Outcome) => {
    const { ok, server, login, router } = JSON.parse(stdout);
    return [ok, server.ok, login.ok, router.ok];
  };
  const away = await new Command(t, 'status', '--json', '--port', '1').outcome();
  assert.deepEqual([away.code, oks(away)], [3, [false, false, false, false]]);
  assert.match(oneLine(away), /no server at 127\.0\.0\.1:1/);
  const refused = await command('status', '--json', '--username', 'nobody').outcome();
  assert.deepEqual([refused.code, oks(refused)], [3, [false, true, false, false]]);
  assert.match(oneLine(refused), /cannot log in as nobody@/);
  const mute = await rudeServer(t, () => {});
  const silent = await new Command(t, 'status', '--json', '--timeout', '0.2', '--port', String(mute.port)).outcome();
  assert.deepEqual([silent.code, oks(silent)], [3, [false, true, false, false]]);
  assert.match(oneLine(silent), /no answer within 0\.2 s/);
  await RawProgram.login(t, address, 'router', 'router');
  const routerless = await command('status', '--json', '--timeout', '2').outcome();
  assert.deepEqual([routerless.code, oks(routerless)], [6, [false, true, true, false]]);
  const absent = await command('status', '--json', '--router', 'nobody').outcome();
  assert.deepEqual([absent.code, oks(absent)], [7, [false, true, true, false]]);
});

/** Standard error without the progress lines of a wait, which depend on the machine. */
function complaints({ stderr }: Outcome): string {
  return stderr.replace(/^opensrf-chopchop: still waiting after .*\n/gm, '');
}

test('wait prints the missing services to standard error every few seconds', async (t) => {
  const { address, command } = await setUp(t);
  await RawProgram.listen(t, address, 'opensrf.math');
  const waiting = command('wait', 'opensrf.math', 'opensrf.late', '--timeout', LONG);
  await waiting.said(/(^opensrf-chopchop: still waiting after \d+ s: not registered with router@private\.localhost\/router: opensrf\.late\n){2}/m);
  await RawProgram.listen(t, address, 'opensrf.late');
  const { code, stdout } = await waiting.outcome();
  assert.equal(code, 0);
  assert.match(stdout, /^registered: opensrf\.math, opensrf\.late \(after [\d.]+ s\)\n$/);
});

test('wait returns when the last of the services has registered', async (t) => {
  const { address, command } = await setUp(t);
  const router = await RawProgram.login(t, address, 'router', 'router');
  const waiting = command('wait', 'opensrf.math', '--service', 'opensrf.settings', '--service', 'opensrf.cstore', '--timeout', LONG);
  for (const registered of [[], ['opensrf.math', 'opensrf.cstore'], ['opensrf.settings', 'opensrf.math', 'opensrf.cstore']]) {
    router.answerAsRouter(await router.asked(), registered);
  }
  const outcome = await waiting.outcome();
  assert.deepEqual([outcome.code, complaints(outcome)], [0, '']);
  assert.match(outcome.stdout, /^registered: opensrf\.settings, opensrf\.cstore, opensrf\.math \(after [\d.]+ s\)\n$/);
});

test('wait also waits for the server itself', async (t) => {
  // The first try finds a server that closes at once; then there is a real one on its port.
  const { server, port } = await rudeServer(t, (socket) => socket.destroy());
  const waiting = new Command(t, 'wait', '--service', 'opensrf.math', '--timeout', LONG, '--port', String(port));
  await once(server, 'connection');
  server.close();
  await once(server, 'close');
  const { address } = await startServer(t, { port });
  await RawProgram.listen(t, address, 'opensrf.math');
  assert.equal((await waiting.outcome()).code, 0);
});

test('wait logs in again after a restart of the server', async (t) => {
  const free = await rudeServer(t, () => {});
  free.server.close();
  await once(free.server, 'close');
  const { server, address } = await startServer(t, { port: free.port });
  const router = await RawProgram.login(t, address, 'router', 'router');
  const waiting = new Command(t, 'wait', 'opensrf.math', '--timeout', LONG, '--port', String(free.port));
  router.answerAsRouter(await router.asked(), []);
  await server.stop();
  await server.start();
  await RawProgram.listen(t, address, 'opensrf.math');
  assert.deepEqual(await waiting.outcome().then((outcome) => [outcome.code, complaints(outcome)]), [0, '']);
});

test('wait names the missing services after its time-out, with exit code 6', async (t) => {
  const { address, command } = await setUp(t);
  await RawProgram.listen(t, address, 'opensrf.math');
  const outcome = await command('wait', 'opensrf.math', 'opensrf.a', 'opensrf.b', '--timeout', '2').outcome();
  assert.deepEqual([outcome.code, outcome.stdout], [6, '']);
  assert.match(oneLine(outcome), /after 2 s: not registered with router@private\.localhost\/router: opensrf\.a, opensrf\.b\n$/);
});

test('wait reports after its time-out an absent server or a refused login (exit code 3), or an absent router (7)', async (t) => {
  const { command } = await setUp(t);
  const away = await new Command(t, 'wait', 'opensrf.a', '--timeout', '0.2', '--port', '1').outcome();
  assert.equal(away.code, 3);
  assert.match(oneLine(away), /after 0\.2 s: no server at 127\.0\.0\.1:1 .*\(waited for opensrf\.a\)/);
  const refused = await command('wait', 'opensrf.a', '--timeout', '2', '--password', 'wrong').outcome();
  assert.equal(refused.code, 3);
  assert.match(oneLine(refused), /cannot log in/);
  const routerless = await command('wait', 'opensrf.a', '--timeout', '2', '--router', 'nobody').outcome();
  assert.equal(routerless.code, 7);
  assert.match(oneLine(routerless), /nobody@private\.localhost\/router: .*\(waited for opensrf\.a\)/);
  const unnamed = await command('wait').outcome();
  assert.equal(unnamed.code, 2);
  assert.match(oneLine(unnamed), /name a service/);
});
