import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, type ConfigInput, createConfig, DEFAULT_ROUTER, settingsAccount } from '../../server/config/config.ts';
import { DEFAULT_LIMITS } from '../../server/config/limits.ts';
import type { ServerArguments } from '../../server/config/options/options.ts';
import { resolveConfig } from '../../server/config/sources/resolve.ts';

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/core/', import.meta.url));

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test('without anything said there are three domains, two users on each, and the default limits', () => {
  const config = createConfig();
  assert.deepEqual(config.domains, ['private.localhost', 'public.localhost', 'localhost']);
  assert.deepEqual(
    config.accounts.map(({ username, domain, password }) => `${username}@${domain} ${password}`),
    config.domains.flatMap((domain) => [`opensrf@${domain} password`, `router@${domain} password`]),
  );
  assert.deepEqual([config.hosts, config.ports, config.router, config.limits], [['127.0.0.1'], [5222], DEFAULT_ROUTER, DEFAULT_LIMITS]);
  assert.ok(Object.isFrozen(config));
});

test('domains are in lower case, without a final dot, once each', () => {
  assert.deepEqual(createConfig({ domains: ['A.Example', 'a.example.', 'b'] }).domains, ['a.example', 'b']);
});

test('what is given replaces its default and nothing else', () => {
  const config = createConfig({ router: { holdMs: 5 }, limits: { depth: 9 } });
  assert.deepEqual(config.router, { ...DEFAULT_ROUTER, holdMs: 5 });
  assert.deepEqual(config.limits, { ...DEFAULT_LIMITS, depth: 9 });
});

test('each problem is reported with its place', () => {
  const account = { username: 'a', domain: 'localhost', password: 'p' };
  const rows: readonly (readonly [input: ConfigInput, problem: string])[] = [
    [{ domains: ['localhost', 'a b'] }, 'domains: "a b" is no domain'],
    [{ domains: ['localhost', ''] }, 'domains: "" is no domain'],
    [{ domains: [], accounts: [] }, 'domains: at least one is needed'],
    [{ port: -1 }, 'port: -1 is not a number from 0 to 65535'],
    [{ port: 65_536 }, 'port: 65536 is not a number from 0 to 65535'],
    [{ port: Number.NaN }, 'port: NaN is not a number from 0 to 65535'],
    [{ port: 1.5 }, 'port: 1.5 is not a number from 0 to 65535'],
    [{ hosts: [] }, 'hosts: at least one is needed'],
    [{ domains: ['localhost'], accounts: [{ ...account, username: 'a@b' }] }, 'accounts: "a@b" is no valid user name'],
    [{ domains: ['localhost'], accounts: [{ ...account, password: '' }] }, 'accounts: a@localhost has no password'],
    [{ domains: ['localhost'], accounts: [{ ...account, domain: 'b' }] }, 'accounts: a@b: domain b is not served (served: localhost)'],
    [{ router: { name: '' } }, 'router.name: "" is no valid user name'],
    [{ router: { holdMs: -1 } }, 'router.holdMs: must be between 0 and one day'],
    [{ router: { holdMs: Number.NaN } }, 'router.holdMs: must be between 0 and one day'],
    [{ router: { lossGraceMs: 86_400_001 } }, 'router.lossGraceMs: must be between 0 and one day'],
    [{ domains: ['localhost'], router: { peers: ['localhost', 'b'] } }, 'router.peers: domain b is not served (served: localhost)'],
    [{ settings: { file: '' } }, 'settings.file: the name of a file is needed, as /openils/conf/opensrf.xml'],
    [{ domains: ['localhost'], settings: { file: 'x', domains: ['localhost', 'b'] } }, 'settings.domains: domain b is not served (served: localhost)'],
    [
      { domains: ['localhost'], accounts: [{ ...account, username: 'router' }], settings: { file: 'x' } },
      'settings: opensrf.settings needs an account besides "router" on localhost',
    ],
    [{ limits: { stanzaBytes: -1 } }, 'limits.stanzaBytes: -1 is not a whole number from 1 to 268435456'],
    [{ limits: { depth: 8.5 } }, 'limits.depth: 8.5 is not a whole number from 8 to 1024'],
    [{ limits: { outboxBytes: Number.POSITIVE_INFINITY } }, 'limits.outboxBytes: Infinity is not a whole number from 1 to 9007199254740991'],
    [{ limits: { loginTimeoutMs: 2 ** 31 } }, 'limits.loginTimeoutMs: 2147483648 is not a whole number from 1 to 2147483647'],
    [{ limits: { stanzaBytes: 2, hardStanzaBytes: 1 } }, 'limits.hardStanzaBytes: 1 is less than stanzaBytes, which is 2'],
    [{ limits: { __proto__: { a: 1 }, depths: 9 } as object }, 'limits.depths: there is no such limit (--help limits lists them)'],
  ];
  for (const [input, problem] of rows)
    assert.deepEqual(
      problemsOf(() => createConfig(input)),
      [problem],
    );
});

const OWN_PASSWORDS = [{ username: 'opensrf', domain: 'localhost', password: 'mine' }];

test('an address that others can reach is refused while an account has the default password', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '128.0.0.1', '::2', '127.0.0.1.example.org', '']) {
    const [problem, ...more] = problemsOf(() => createConfig({ domains: ['localhost'], hosts: ['127.0.0.1', host] }));
    assert.equal(
      problem,
      `hosts: ${host} may be reached from other machines, and opensrf and router have the default password: set others (--user NAME:PASSWORD, or the file of --config), listen on 127.0.0.1, or say --insecure`,
    );
    assert.deepEqual(more, []);
    createConfig({ domains: ['localhost'], hosts: [host], accounts: OWN_PASSWORDS });
    createConfig({ domains: ['localhost'], hosts: [host], insecure: true });
  }
  const one = [...OWN_PASSWORDS, { username: 'router', domain: 'localhost', password: 'password' }];
  assert.match(problemsOf(() => createConfig({ domains: ['localhost'], hosts: ['0.0.0.0'], accounts: one }))[0] ?? '', /and router has the default password/);
});

test('an address of this machine alone needs no password of its own', () => {
  for (const host of ['127.0.0.1', '127.0.1.3', '127.255.255.255', '::1', '::ffff:127.0.0.1', 'localhost']) createConfig({ hosts: [host] });
});

test('all problems are reported at once', () => {
  const problems = problemsOf(() =>
    createConfig({ domains: ['localhost', 'a b'], port: -1, hosts: [], router: { name: '@', holdMs: -1 }, limits: { depth: -1 } }),
  );
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['domains', 'port', 'hosts', 'router.name', 'router.holdMs', 'limits.depth'],
  );
  assert.equal(new ConfigError(problems).message, problems.join('\n'));
});

const ARGUMENTS: ServerArguments = {
  host: ['127.0.0.1'],
  port: 0,
  domain: ['Private.localhost', 'public.localhost'],
  balance: 'round-robin',
  onListenerLoss: 'error',
  lossGrace: 1.5,
  absentService: 'status',
  hold: 2,
  externalRouter: 'allow',
  componentConflict: 'keep',
  plaintextLogin: 'allow',
  unixMode: '660',
  insecure: false,
};

const from = (args: Partial<ServerArguments>) => resolveConfig({ ...ARGUMENTS, ...args }).config;

test('seconds of the command line are milliseconds of the configuration', () => {
  const { router, domains } = from({});
  assert.deepEqual([router.lossGraceMs, router.holdMs, domains], [1_500, 2_000, ['private.localhost', 'public.localhost']]);
});

test('a user is of the domain named, or of all', () => {
  const users = (...user: string[]): string[] => from({ user }).accounts.map(({ username, domain, password }) => `${username} ${domain} ${password}`);
  assert.deepEqual(users('a:b'), ['a private.localhost b', 'a public.localhost b']);
  assert.deepEqual(users('a:b:c@Public.localhost'), ['a public.localhost b:c']);
  assert.deepEqual(users('a:b@c@public.localhost', 'd:e@private.localhost'), ['a public.localhost b@c', 'd private.localhost e']);
});

test('trust is for the router named, or for all', () => {
  const { router } = from({ trustedServer: ['A'], trustedClient: ['a', 'public.localhost=B', 'Public.localhost=c'] });
  assert.deepEqual(
    [...router.trustedServers],
    [
      ['private.localhost', ['a']],
      ['public.localhost', ['a']],
    ],
  );
  assert.deepEqual(
    [...router.trustedClients],
    [
      ['private.localhost', ['a']],
      ['public.localhost', ['a', 'b', 'c']],
    ],
  );
});

test('each problem of the command line is reported with its option', () => {
  const problems = problemsOf(() => from({ user: ['a', ':b', 'a:p@ssword'], trustedServer: ['x=y'], trustedClient: ['z=y'] }));
  assert.deepEqual(problems, [
    '--user: "a" is not NAME:PASSWORD[@DOMAIN]',
    '--user: ":b" is not NAME:PASSWORD[@DOMAIN]',
    '--user: a: "ssword" is not a served domain (private.localhost, public.localhost); behind a password with an "@", add "@DOMAIN"',
    '--trusted-server: x in "x=y" is not a served domain (private.localhost, public.localhost)',
    '--trusted-client: z in "z=y" is not a served domain (private.localhost, public.localhost)',
  ]);
  assert.deepEqual(
    problemsOf(() => from({ port: Number.NaN, hold: Number.NaN, user: ['a:'], peerRouter: ['x'] })).map((problem) => problem.split(':')[0]),
    ['port', 'accounts', 'accounts', 'router.holdMs', 'router.peers'],
  );
});

test('settings come from the file named, or from that of <settings_config>, or from opensrf.xml beside the configuration', () => {
  const core = `${FIXTURES}3.3-two-routers.xml`;
  const settings = (args: Partial<ServerArguments>) => from(args).settings;
  assert.equal(settings({}), null);
  assert.equal(settings({ config: core }), null);
  // The first domain is the one of the services: whoever may ask a router for settings can read all passwords in them.
  assert.deepEqual(settings({ withSettings: 'my.xml', config: core }), { file: 'my.xml', domains: ['private.localhost'] });
  assert.equal(settings({ withSettings: '', domain: ['localhost'], config: `${FIXTURES}1.4-chopchop.xml` })?.file, join(FIXTURES, 'opensrf.xml'));
  assert.deepEqual(settings({ withSettings: '', settingsDomain: ['Public.localhost'], config: core }), {
    file: '/openils/conf/opensrf.xml',
    domains: ['public.localhost'],
  });
  assert.deepEqual(
    problemsOf(() => settings({ withSettings: '' })),
    ['--with-settings: name the file, as --with-settings /openils/conf/opensrf.xml'],
  );
  assert.deepEqual(
    problemsOf(() => settings({ settingsDomain: ['localhost'] })),
    ['--settings-domain: there are no settings without --with-settings'],
  );
});

test("the settings service runs as the first account that is not the router's, in the order of its domains", () => {
  const accounts = ['router@a', 'x@b', 'y@a', 'z@a'].map((jid) => {
    const [username = '', domain = ''] = jid.split('@');
    return { username, domain, password: 'p' };
  });
  const account = (...domains: string[]) => settingsAccount({ file: 'f', domains }, accounts, DEFAULT_ROUTER);
  assert.equal(account('a', 'b')?.username, 'y');
  assert.equal(account('b', 'a')?.username, 'x');
  assert.equal(account('c'), undefined);
});
