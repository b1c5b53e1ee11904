import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChopChopFixture, ConfigError, type FixtureOptions, OsrfClient, OsrfService, startChopChop } from '../server/index.ts';

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

test('a client and a service over TCP refuse wrong options before they connect', async () => {
  const login = { host: 'localhost', port: 5222, domain: 'localhost', username: 'u', password: 'p', resource: 'r' };
  await assert.rejects(OsrfClient.connect({ ...login, usrname: 'x' } as never), {
    name: 'TypeError',
    message: 'OsrfClient.connect: "usrname" is unknown; did you mean "username"?',
  });
  await assert.rejects(OsrfClient.connect({ ...login, port: '5222' } as never), /"port" must be a port number from 1 to 65535/);
  await assert.rejects(OsrfService.start({ ...login, service: 'x', workers: -1, methods: {} } as never), /"\w+" (must be a whole number|is unknown)/);
});
