import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ConfigInput, createConfig, settingsAccount } from '../../server/config/config.ts';
import { valueAt } from '../../server/config/input.ts';
import { DEFAULT_LIMITS } from '../../server/config/limits.ts';
import { ConfigError, formatProblem, inFile } from '../../server/config/problem.ts';
import { CONFIG_PATHS } from '../../server/config/settings.ts';
import { resolveSettings } from '../../server/config/sources/resolve.ts';

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/core/', import.meta.url));

const DEFAULT_ROUTER = createConfig().router;

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

test('by default there are three domains, two users on each, and the default limits', () => {
  const config = createConfig();
  assert.deepEqual(config.domains, ['private.localhost', 'public.localhost', 'localhost']);
  assert.deepEqual(
    config.accounts.map(({ username, domain, password }) => `${username}@${domain} ${password}`),
    config.domains.flatMap((domain) => [`opensrf@${domain} password`, `router@${domain} password`]),
  );
  assert.deepEqual([config.hosts, config.ports, config.router.holdMs, config.limits], [['127.0.0.1'], [5222], 0, DEFAULT_LIMITS]);
  assert.ok(Object.isFrozen(config));
});

test('domains are in lower case, without a final dot, once each', () => {
  assert.deepEqual(createConfig({ domains: ['A.Example', 'a.example.', 'b'] }).domains, ['a.example', 'b']);
});

test('a given value replaces its default and nothing else', () => {
  const config = createConfig({ router: { holdMs: 5 }, limits: { depth: 9 } });
  assert.deepEqual(config.router, { ...DEFAULT_ROUTER, holdMs: 5 });
  assert.deepEqual(config.limits, { ...DEFAULT_LIMITS, depth: 9 });
});

test('each problem is reported with its place', () => {
  const account = { username: 'a', domain: 'localhost', password: 'p' };
  const rows: readonly (readonly [input: ConfigInput, problem: string])[] = [
    [{ domains: ['localhost', 'a b'] }, 'domains: "a b" is not a domain'],
    [{ domains: ['localhost', ''] }, 'domains: needs a domain'],
    [{ domains: [], accounts: [] }, 'domains: at least one is needed'],
    [{ port: -1 }, 'port: -1 is not a port number from 0 to 65535'],
    [{ port: 65_536 }, 'port: 65536 is not a port number from 0 to 65535'],
    [{ port: Number.NaN }, 'port: NaN is not a port number from 0 to 65535'],
    [{ ports: [1.5] }, 'ports: 1.5 is not a port number from 0 to 65535'],
    [{ ports: [0, 1] }, 'ports: 0 is not a port number from 1 to 65535'],
    [{ hosts: [] }, 'hosts: at least one is needed'],
    [{ domains: ['localhost'], accounts: [{ ...account, username: 'a@b' }] }, 'accounts: "a@b" is not a user name'],
    [{ domains: ['localhost'], accounts: [{ ...account, password: '' }] }, 'accounts: a@localhost has no password'],
    [{ domains: ['localhost'], accounts: [{ ...account, domain: 'b' }] }, 'accounts: a@b: b is not a served domain (localhost)'],
    [{ router: { name: '' } }, 'router.name: needs a user name'],
    [{ router: { names: new Map([['localhost', 'a@b']]) } }, 'router.names: "a@b" is not a user name'],
    [{ router: { holdMs: -1 } }, 'router.holdMs: -1 is not a number of milliseconds from 0 to 86400000'],
    [{ router: { holdMs: Number.NaN } }, 'router.holdMs: NaN is not a number of milliseconds from 0 to 86400000'],
    [{ router: { lossGraceMs: 86_400_001 } }, 'router.lossGraceMs: 86400001 is not a number of milliseconds from 0 to 86400000'],
    [{ domains: ['localhost'], router: { peers: ['localhost', 'b'] } }, 'router.peers: b is not a served domain (localhost)'],
    [{ settings: { file: '' } }, 'settings.file: needs the name of a file, as /openils/conf/opensrf.xml'],
    [{ domains: ['localhost'], settings: { file: 'x', domains: ['localhost', 'b'] } }, 'settings.domains: b is not a served domain (localhost)'],
    [
      { domains: ['localhost'], accounts: [{ ...account, username: 'router' }], settings: { file: 'x' } },
      'settings.file: opensrf.settings needs an account besides "router" on localhost',
    ],
    [{ limits: { stanzaBytes: -1 } }, 'limits: stanzaBytes: -1 is not a whole number from 1 to 268435456, alone (bytes) or with GiB, MiB, KiB'],
    [{ limits: { depth: 8.5 } }, 'limits: depth: 8.5 is not a whole number from 8 to 1024'],
    [
      { limits: { outboxBytes: Number.POSITIVE_INFINITY } },
      'limits: outboxBytes: Infinity is not a whole number from 1 to 9007199254740991, alone (bytes) or with GiB, MiB, KiB',
    ],
    [{ limits: { loginTimeoutMs: 2 ** 31 } }, 'limits: loginTimeoutMs: 2147483648 is not a whole number from 1 to 2147483647, alone (ms) or with min, s, ms'],
    [{ limits: { stanzaBytes: 2, hardStanzaBytes: 1 } }, 'limits: hardStanzaBytes: 1 is less than stanzaBytes, which is 2'],
    [{ limits: { __proto__: { a: 1 }, depths: 9 } as object }, 'limits: there is no limit "depths"; did you mean "depth"? (--help limits lists them)'],
    [
      { router: 'x' as never },
      'router: needs an object with name, names, trustedServers, trustedClients, balance, onListenerLoss, lossGraceMs, stuckListenerMs, absentService, holdMs, externalRouter, peers',
    ],
    [{ router: { trustedServers: ['localhost'] as never } }, 'router.trustedServers: needs a Map of lists of domains, by the domain of the router'],
    [{ accounts: 'me:secret' as never }, 'accounts: needs a list of accounts, each with username, domain and password'],
    [{ accounts: [{ username: 'me' }] as never }, 'accounts: needs username, domain and password of each account, as texts'],
    [{ tls: {} as never }, "tls.certificate: needs 'self-signed', or the files { certificate, key }"],
    [{ insecure: 'perhaps' as never }, 'insecure: "perhaps" is not true or false (or yes, no, on, off, 1, 0)'],
  ];
  for (const [input, problem] of rows)
    assert.deepEqual(
      problemsOf(() => createConfig(input)),
      [problem],
    );
});

const OWN_PASSWORDS = [{ username: 'opensrf', domain: 'localhost', password: 'mine' }];

test('an address reachable from other machines is refused while an account has the default password', () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.2', 'example.org', '128.0.0.1', '::2', '127.0.0.1.example.org']) {
    const [problem, ...more] = problemsOf(() => createConfig({ domains: ['localhost'], hosts: ['127.0.0.1', host] }));
    assert.equal(
      problem,
      `hosts: other machines may reach ${host}, and opensrf and router have the default password: set others (--user NAME:PASSWORD, or the file of --config), listen on 127.0.0.1, or add --insecure`,
    );
    assert.deepEqual(more, []);
    createConfig({ domains: ['localhost'], hosts: [host], accounts: OWN_PASSWORDS });
    createConfig({ domains: ['localhost'], hosts: [host], insecure: true });
  }
  const one = [...OWN_PASSWORDS, { username: 'router', domain: 'localhost', password: 'password' }];
  assert.match(problemsOf(() => createConfig({ domains: ['localhost'], hosts: ['0.0.0.0'], accounts: one }))[0] ?? '', /and router has the default password/);
});

test('a loopback address allows the default password', () => {
  for (const host of ['127.0.0.1', '127.0.1.3', '127.255.255.255', '::1', '::ffff:127.0.0.1', 'localhost']) createConfig({ hosts: [host] });
});

test('all problems are reported at once', () => {
  const problems = problemsOf(() =>
    createConfig({ domains: ['localhost', 'a b'], port: -1, hosts: [], router: { name: '@', holdMs: -1 }, limits: { depth: -1 } }),
  );
  assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['hosts', 'port', 'domains', 'limits', 'router.name', 'router.holdMs'],
  );
});

test('a problem is data until it is printed, each in a line of its own', () => {
  const library = { source: 'library', name: 'router.holdMs', file: '', line: 0 } as const;
  const error = new ConfigError([
    { place: library, text: 'is wrong', fault: 'content' },
    { place: inFile('core.xml', 7, '<hold>'), text: 'is wrong', fault: 'content' },
    { place: inFile('core.xml', 0), text: 'cannot be read', fault: 'file' },
  ]);
  assert.equal(error.message, 'router.holdMs: is wrong\ncore.xml:7: <hold>: is wrong\ncore.xml: cannot be read');
  assert.equal(error.onlyFiles, false);
});

test('every value of a configuration is a row in the table of settings', () => {
  const cluster = { name: 'c', member: 'a', nats: ['nats://localhost'] };
  const config = createConfig({ tls: { certificate: 'self-signed' }, settings: { file: 'x' }, cluster });
  const known = new Set<string>(CONFIG_PATHS);
  const unknown = Object.entries(config).flatMap(([key, value]) => {
    if (known.has(key)) return [];
    const paths = Object.keys(value as object).map((inner) => `${key}.${inner}`);
    return paths.filter((path) => !known.has(path));
  });
  assert.deepEqual(unknown, []);
  for (const path of CONFIG_PATHS) assert.notEqual(valueAt(config, path), undefined, path);
});

const ARGUMENTS = { host: '127.0.0.1', port: '0', domain: ['Private.localhost', 'public.localhost'] };

/** @param args By the names of options, as the parser of the command line leaves them. */
const from = (args: Readonly<Record<string, unknown>>) =>
  resolveSettings({ command: 'serve', args: { ...ARGUMENTS, ...args }, environment: {}, isTerminal: false }).config;

test('seconds of the command line are milliseconds of the configuration', () => {
  const { router, domains } = from({ 'loss-grace': '1.5', hold: '2' });
  assert.deepEqual([router.lossGraceMs, router.holdMs, domains], [1_500, 2_000, ['private.localhost', 'public.localhost']]);
});

test('a user is of the domain named, or of all', () => {
  const users = (...user: string[]): string[] => from({ user }).accounts.map(({ username, domain, password }) => `${username} ${domain} ${password}`);
  assert.deepEqual(users('a:b'), ['a private.localhost b', 'a public.localhost b']);
  assert.deepEqual(users('a:b:c@Public.localhost'), ['a public.localhost b:c']);
  assert.deepEqual(users('a:b@c@public.localhost', 'd:e@private.localhost'), ['a public.localhost b@c', 'd private.localhost e']);
});

test('trust is for the router named, or for all', () => {
  const { router } = from({ 'trusted-server': 'A', 'trusted-client': ['a', 'public.localhost=B', 'Public.localhost=c'] });
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

test('each problem of the command line is reported with its option, and no password with it', () => {
  const served = '(private.localhost, public.localhost)';
  const problems = problemsOf(() => from({ user: ['a', ':b', 'a:p@ssword', 'a:', 'a:p@s s'], 'trusted-server': 'x=y', 'trusted-client': ['z=y', 'a b'] }));
  assert.deepEqual(problems, [
    '--user: "a" is not an account as NAME:PASSWORD[@DOMAIN]',
    '--user: needs an account as NAME:PASSWORD[@DOMAIN]; the name is missing',
    '--user: a has no password',
    '--user: a: the text after the last "@" is not a domain; after a password with an "@", add "@DOMAIN"',
    '--trusted-client: "a b" is not DOMAIN or ROUTER-DOMAIN=DOMAIN',
    `--trusted-server: x is not a served domain ${served}`,
  ]);
  assert.deepEqual(
    problemsOf(() => from({ user: 'a:p@ssword' })),
    [`--user: a: the text after the last "@" is not a served domain ${served}; after a password with an "@", add "@DOMAIN"`],
  );
  assert.deepEqual(
    problemsOf(() => from({ port: 'five', hold: 'x', 'peer-router': 'x' })),
    [
      '--port: "five" is not a port number from 0 to 65535',
      '--hold: "x" is not a number of seconds from 0 to 86400',
      `--peer-router: x is not a served domain ${served}`,
    ],
  );
});

test('settings come from the file named, or from that of <settings_config>, or from opensrf.xml beside the configuration', () => {
  const core = `${FIXTURES}3.3-two-routers.xml`;
  const settings = (args: Readonly<Record<string, unknown>>) => from(args).settings;
  assert.equal(settings({}), null);
  assert.equal(settings({ config: core }), null);
  // The first domain is the one of the services: clients that may query a router for settings can read all passwords in them.
  assert.deepEqual(settings({ 'with-settings': 'my.xml', config: core }), { file: 'my.xml', domains: ['private.localhost'] });
  assert.equal(settings({ 'with-settings': '', domain: 'localhost', config: `${FIXTURES}1.4-chopchop.xml` })?.file, join(FIXTURES, 'opensrf.xml'));
  assert.deepEqual(settings({ 'with-settings': '', 'settings-domain': 'Public.localhost', config: core }), {
    file: '/openils/conf/opensrf.xml',
    domains: ['public.localhost'],
  });
  assert.deepEqual(
    problemsOf(() => settings({ 'with-settings': '' })),
    ['--with-settings: needs the name of a file, as /openils/conf/opensrf.xml'],
  );
  assert.deepEqual(
    problemsOf(() => settings({ 'settings-domain': 'localhost' })),
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
