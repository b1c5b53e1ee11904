import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChopChopFixture, ConfigError, containing, type FixtureOptions, OsrfClient, OsrfService, startChopChop } from '../server/index.ts';

/** Options as JavaScript may give them, with the problem that the error names. */
const START: readonly (readonly [options: unknown, problem: RegExp])[] = [
  [{ dommains: ['localhost'] }, /^dommains: is unknown; did you mean "domains"\?$/],
  [{ host: '::1' }, /^host: is unknown; did you mean "hosts"\?$/],
  [{ log: 'silent' }, /^log: "silent" is not a log: needs an object with the functions debug, info, warn, error$/],
  [{ zzz: 1 }, /^zzz: is unknown \(known: .*\bdomains\b.*\bkeepAlive\b.*\)$/],
  [{ router: { holdMS: 5 } }, /^router\.holdMS: is unknown; did you mean "holdMs"\?$/],
  [{ router: { holdMs: -1 } }, /^router\.holdMs: /],
  [{ router: 'x' }, /^router: needs an object with /],
  [{ limits: { stanzaByte: 1 } }, /^limits: there is no limit "stanzaByte"; did you mean "stanzaBytes"\?/],
  [{ port: 70_000 }, /^port: 70000 is not a port number from 0 to 65535$/],
  [{ keepAlive: 'yes' }, /^keepAlive: must be true or false$/],
  [{ faults: 'drop' }, /^faults: needs a list of faults$/],
  [{ stubs: 7 }, /^stubs: 7 is not the name of a folder$/],
  [{ replayMode: 'exact' }, /^replayMode: "exact" is not /],
  [{ accounts: [{ username: 'a', domain: 'localhost', pasword: 'b' }] }, /^accounts: "pasword" of an account is unknown; did you mean "password"\?$/],
  [{ tls: { port: [1], certificate: 'self-signed' } }, /^tls\.port: is unknown; did you mean "ports"\?$/],
  [{ settings: { fil: 'x' } }, /^settings\.fil: is unknown; did you mean "file"\?/],
  [{ unix: { socket: 'x' } }, /^unix\.socket: is unknown/],
  [{ web: { port: 1 } }, /^web\.port: is unknown; did you mean "ports"\?/],
  [{ websocket: { prots: [1] } }, /^websocket\.prots: is unknown; did you mean "ports"\?/],
  [{ components: { ports: [1] } }, /^components\.ports: is unknown; did you mean "port"\?/],
  [{ seed: -1 }, /^seed: -1 is not /],
  [{ insecure: 'maybe' }, /^insecure: "maybe" is not /],
  ['localhost', /^options: "localhost" is not an object of options$/],
  [null, /^options: null is not an object of options$/],
];

for (const [options, problem] of START) {
  test(`startChopChop refuses ${JSON.stringify(options)}`, async () => {
    const start = startChopChop(options as FixtureOptions).then(async (jabber) => {
      await jabber.stop();
      assert.fail('it has started');
    });
    await assert.rejects(start, (error) => error instanceof ConfigError && problem.test(error.message));
  });
}

test('startChopChop names all problems at once', async () => {
  const start = startChopChop({ dommains: [], port: -1, log: 7 } as unknown as FixtureOptions);
  await assert.rejects(start, (error) => error instanceof ConfigError && error.problems.length === 3);
});

type Untyped = Record<keyof ChopChopFixture, (...args: unknown[]) => unknown>;

const CALLS: readonly (readonly [name: string, call: (jabber: Untyped) => unknown, problem: RegExp])[] = [
  ['waitForRequest', (jabber) => jabber.waitForRequest({ method: 'x' }, { timeoutMs: 50 }), /^waitForRequest: the time-out must be a number of milliseconds/],
  ['waitForService', (jabber) => jabber.waitForService('x', { timeout: 50 }), /^waitForService: "timeout" is unknown; did you mean "timeoutMs"\?$/],
  ['waitForService', (jabber) => jabber.waitForService('x', 50), /^waitForService: must be an object with timeoutMs, domain$/],
  ['connect', (jabber) => jabber.connect({ user: 'x' }), /^connect: "user" is unknown; did you mean "username"\?$/],
  ['connect', (jabber) => jabber.connect({ timeoutMs: '5' }), /^connect: "timeoutMs" must be a number of milliseconds/],
  ['service', (jabber) => jabber.service('', {}), /^service: the name must be a non-empty string$/],
  ['service', (jabber) => jabber.service('x', { add: 4 }), /^service x: the method "add" must be a function, or an object with a function "handle"$/],
  ['service', (jabber) => jabber.service('x', {}, { worker: 2 }), /^service x: "worker" is unknown; did you mean "workers"\?$/],
  ['received', (jabber) => jabber.received({ metod: 'x' }), /^a filter has no "metod": it is unknown; did you mean "method"\?$/],
  ['received', (jabber) => jabber.received({ params: 'x' }), /^a filter's "params" must be a list$/],
  ['received', (jabber) => jabber.received({ method: 7 }), /^a filter's "method" must be a string or a regular expression$/],
  ['verify', (jabber) => jabber.verify({}, { least: 1 }), /^verify: the times: "least" is unknown/],
  ['verify', (jabber) => jabber.verify({}, 'once'), /^verify: the times must be a whole number$/],
  ['fault', (jabber) => jabber.fault({ drop: true, probability: 2 }), /^a fault: "probability" must be a number from 0 to 1$/],
  ['fault', (jabber) => jabber.fault({ drop: true, on: 'reply' }), /^a fault's "on" must be one of request, answer, web, not "reply"$/],
  ['received', (jabber) => jabber.received({ type: 'RESULT' }), /^a filter's "type" must be one of REQUEST, CONNECT, any$/],
  ['verifyOrder', (jabber) => jabber.verifyOrder('find'), /^a filter must be an object with service, method, /],
  ['verify', (jabber) => jabber.verify({ params: [containing('x' as never)] }), /^containing: must be an object or a list, not "x"$/],
  [
    'service',
    (jabber) => jabber.service('x', { add: { handle() {}, maxBundlSize: 1 } }),
    /^service x: the method "add": "maxBundlSize" is unknown; did you mean "maxBundleSize"\?$/,
  ],
  ['service', (jabber) => jabber.service('x', { add: { notes: 'adds' } }), /^service x: the method "add": needs "handle"$/],
  ['fault', (jabber) => jabber.fault('drop'), /^a fault must be an object$/],
  ['fault', (jabber) => jabber.fault({ drop: 'yes' }), /^a fault: "drop" must be true$/],
  ['fault', (jabber) => jabber.fault({ delayMs: [9, 1] }), /^a fault: "delayMs" must be a number of milliseconds, or a list of two$/],
  ['fault', (jabber) => jabber.fault({ delayMs: '5' }), /^a fault: "delayMs" must be a number of milliseconds, or a list of two$/],
  ['fault', (jabber) => jabber.fault({ duplicate: -1 }), /^a fault: "duplicate" must be true or a whole number$/],
  ['fault', (jabber) => jabber.fault({ drop: true, text: 'x' }), /^a fault: "text" needs "status"$/],
  ['request', (jabber) => jabber.request('', 'x'), /^session: the service must be a non-empty string$/],
  ['request', (jabber) => jabber.request('x', { method: 'y' }), /^call: the method must be a non-empty string$/],
  ['writeConfig', (jabber) => jabber.writeConfig(''), /^writeConfig: the folder must be a non-empty string$/],
  ['writeConfig', (jabber) => jabber.writeConfig('x', 'y'), /^writeConfig: the services must be a list of strings$/],
  ['reset', (jabber) => jabber.reset('stub'), /^reset: "stub" is unknown; did you mean "stubs"\?$/],
];

test('every call of a fixture refuses options that it does not know, or that are wrong, at once', async (t) => {
  await using jabber = await startChopChop();
  for (const [name, call, problem] of CALLS) {
    await t.test(`${name}: ${problem.source}`, () =>
      assert.rejects(
        async () => call(jabber as unknown as Untyped),
        (error) => error instanceof TypeError && problem.test(error.message),
      ),
    );
  }
});

test('every call of a client refuses options that it does not know, or that are wrong, at once', async () => {
  await using jabber = await startChopChop();
  const client = await jabber.connect();
  const session = client.session('x');
  const wrong = <Value>(value: Value) => value as never;
  const calls: readonly (readonly [call: () => unknown, message: RegExp])[] = [
    [() => session.call('add', [], wrong({ timeoutMs: 50 })), /^call: the time-out must be a number of milliseconds/],
    [() => session.call('add', wrong(2)), /^call: the parameters must be a list$/],
    [() => session.call(wrong(undefined), []), /^call: the method must be a non-empty string$/],
    [() => session.connect(wrong({ timeoutMs: 50 })), /^connect: the time-out must be a number of milliseconds/],
    [() => client.session('x', wrong({ timeout: 5 })), /^session: "timeout" is unknown; did you mean "timeoutMs"\?$/],
    [() => client.session('x', wrong({ locale: 5 })), /^session: "locale" must be a string$/],
    [() => client.sessionAt(wrong(null)), /^session: the address must be a non-empty string$/],
    [() => client.request(wrong(7), 'x'), /^session: the service must be a non-empty string$/],
  ];
  for (const [call, message] of calls) assert.throws(call, (error) => error instanceof TypeError && message.test(error.message));
});

test('a client and a service over TCP refuse wrong options before they connect', async () => {
  const login = { host: 'localhost', port: 5222, domain: 'localhost', username: 'u', password: 'p', resource: 'r' };
  await assert.rejects(OsrfClient.connect({ ...login, usrname: 'x' } as never), {
    name: 'TypeError',
    message: 'OsrfClient.connect: "usrname" is unknown; did you mean "username"?',
  });
  await assert.rejects(OsrfClient.connect({ ...login, port: '5222' } as never), /"port" must be a port number from 1 to 65535/);
  await assert.rejects(OsrfClient.connect({ host: 'localhost', domain: 'localhost', username: 'u' } as never), {
    name: 'TypeError',
    message: 'OsrfClient.connect: needs "port", "password", "resource"',
  });
  const { resource: _resource, ...account } = login;
  const service = { ...account, service: 'x', workers: 1, methods: {} };
  await assert.rejects(OsrfService.start({ ...service, workers: -1 }), /"workers" must be a whole number/);
  await assert.rejects(OsrfService.start({ ...service, maxWorker: 2 } as never), /"maxWorker" is unknown; did you mean "maxWorkers"\?/);
  await assert.rejects(
    OsrfService.start({ ...service, methods: { add: 4 } } as never),
    /the method "add" must be a function, or an object with a function "handle"/,
  );
  await assert.rejects(OsrfService.start({ ...account, service: 'x', methods: {} } as never), /OsrfService\.start: needs "workers"/);
});
