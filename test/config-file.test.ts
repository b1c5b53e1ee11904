import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chopchopOptions } from '../server/config/chopchop-section.ts';
import { ConfigError } from '../server/config/config.ts';
import { readOpensrfCore } from '../server/config/opensrf-core.ts';
import { siteConfig } from '../server/config/site.ts';
import { domainAddresses } from '../server/net/hosts-file.ts';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/core/', import.meta.url));

/** What a fixture makes of a server, in the words of a table. */
function siteOf(name: string) {
  const file = `${FIXTURES}${name}`;
  const core = readOpensrfCore(file);
  const { domains = [], accounts = [], ports, router = {} } = siteConfig(core, file);
  return {
    domains,
    accounts: accounts.map(({ username, domain, password }) => `${username}@${domain} ${password}`).sort(),
    ports,
    names: [...(router.names ?? [])].map(([domain, routerName]) => `${routerName}@${domain}`),
    servers: Object.fromEntries(router.trustedServers ?? []),
    clients: Object.fromEntries(router.trustedClients ?? []),
    warnings: core.warnings.map((warning) => warning.slice(file.length + 1)),
    core,
  };
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

test("the installation guide's file of 2.x to 3.3: two domains with a password each, two routers, different trust", () => {
  const { core, ...site } = siteOf('3.3-two-routers.xml');
  assert.deepEqual(site, {
    domains: ['private.localhost', 'public.localhost'],
    accounts: [
      'opensrf@private.localhost privpassword',
      'opensrf@public.localhost pubpassword',
      'router@private.localhost privrouter',
      'router@public.localhost pubrouter',
    ],
    ports: [5222],
    names: ['router@private.localhost', 'router@public.localhost'],
    servers: { 'public.localhost': ['private.localhost'], 'private.localhost': ['private.localhost'] },
    clients: { 'public.localhost': ['public.localhost', 'private.localhost'], 'private.localhost': ['private.localhost'] },
    warnings: [],
  });
  assert.deepEqual(core.logProtect, ['open-ils.auth', 'open-ils.some_service.some_method']);
  assert.equal(core.settingsConfig, '/openils/conf/opensrf.xml');
});

test('a file of 1.x: one domain, a single router, and the old section for the Jabber server as a hint', () => {
  const { core, ...site } = siteOf('1.4-chopchop.xml');
  assert.deepEqual(site, {
    domains: ['localhost'],
    accounts: ['osrf@localhost osrf', 'router@localhost router'],
    ports: [5222],
    names: ['router@localhost'],
    servers: { localhost: ['localhost'] },
    clients: { localhost: ['localhost'] },
    warnings: [],
  });
  assert.deepEqual(chopchopOptions(core.chopchop, 'f').options, { domain: ['localhost'], port: 5223, host: ['127.0.0.1'] });
});

test('a file without routers: each domain has one all the same, by the name its clients address, and trusts all own domains', () => {
  const { core, ...site } = siteOf('no-router.xml');
  assert.deepEqual(site, {
    domains: ['private.example.org', 'public.example.org'],
    accounts: ['opensrf@private.example.org one', 'web@public.example.org two'],
    ports: [15222, 15223],
    names: ['boss@private.example.org', 'router@public.example.org'],
    servers: {},
    clients: {},
    warnings: [],
  });
  assert.equal(core.chopchop, null);
});

test('white space, comments, CDATA, references and doubled elements: what is odd is said with its line, and does no harm', () => {
  const { core, ...site } = siteOf('odd.xml');
  assert.deepEqual(site, {
    domains: ['private.localhost'],
    accounts: ['chief@private.localhost p', 'opensrf@private.localhost a&b<c'],
    ports: [5222],
    names: ['chief@private.localhost'],
    servers: { 'private.localhost': ['private.localhost'] },
    clients: { 'private.localhost': ['private.localhost'] },
    warnings: [
      '6: <domain> stands twice in <opensrf>; the first, in line 5, counts',
      '18: <router>: has no <transport> and is passed over',
      '21: <transport>: resource "top" is not used: services address "router" whatever it says',
      '15: <chopchop>: <on_listner_loss> is not known (known: domain, listen_address, port, balance, on_listener_loss, loss_grace, absent_service, hold, external_router, peer_router)',
    ],
  });
  assert.deepEqual(chopchopOptions(core.chopchop, 'f').options, { hold: 5, balance: 'least-outstanding', 'peer-router': ['private.localhost'] });
});

test('a .srfsh.xml is a site of one domain', () => {
  const { core: _, ...site } = siteOf('srfsh.xml');
  assert.deepEqual(site, {
    domains: ['private.localhost'],
    accounts: ['opensrf@private.localhost privpassword'],
    ports: [5222],
    names: ['router@private.localhost'],
    servers: {},
    clients: {},
    warnings: [],
  });
});

test('every problem of a file is named with file, line and element, all at once', () => {
  const file = `${FIXTURES}broken.xml`;
  assert.deepEqual(
    problemsOf(() => readOpensrfCore(file)).map((problem) => problem.replace(file, 'F')),
    [
      'F:3: <domain>: "private localhost" is no domain',
      'F:4: <port>: "many" is no port',
      'F:2: <opensrf>: needs <passwd>',
      'F:9: <transport>: needs <server>',
      'F:8: <router>: needs at least one <trusted_domains><server>',
      'F:8: <router>: needs at least one <trusted_domains><client>',
    ],
  );
});

function temporaryFile(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file');
  writeFileSync(file, content);
  return file;
}

for (const [what, content, says] of [
  ['is not well-formed', '<config>\n  <opensrf>\n</config>', /^F:3: unexpected close tag/],
  ['is no XML', 'domain = localhost', /^F:1: /],
  ['is empty', '', /^F:1: document must contain a root element/],
  ['says nothing of Jabber', '<config><x/></config>', /^F:1: <config>: neither <opensrf>, <gateway>/],
] as const) {
  test(`a file that ${what} is refused with its line`, (t) => {
    const file = temporaryFile(t, content);
    assert.match((problemsOf(() => readOpensrfCore(file))[0] ?? '').replace(file, 'F'), says);
  });
}

test('a file that is not there is refused by its name', () => {
  assert.match(problemsOf(() => readOpensrfCore('/nonexistent/core.xml'))[0] ?? '', /^\/nonexistent\/core\.xml: cannot be read: ENOENT/);
});

test('two passwords for one account contradict each other', (t) => {
  const section = (name: string, password: string) => `<${name}><domain>localhost</domain><username>opensrf</username><passwd>${password}</passwd></${name}>`;
  const file = temporaryFile(t, `<config>\n${section('opensrf', 'one')}\n${section('gateway', 'two')}\n</config>`);
  assert.deepEqual(
    problemsOf(() => siteConfig(readOpensrfCore(file), file)).map((problem) => problem.replace(file, 'F')),
    ['F:3: opensrf@localhost has another password here than in line 2'],
  );
});

test('the addresses are the loopback addresses that the domains have in /etc/hosts; where one has none, 127.0.0.1 too', (t) => {
  const hosts = temporaryFile(
    t,
    '127.0.0.1 localhost # private.localhost\n127.0.1.2\tpublic.localhost public # guide\n127.0.1.3 Private.localhost\n192.0.2.1 elsewhere.localhost\n::1 localhost\n',
  );
  assert.deepEqual(domainAddresses(['private.localhost', 'public.localhost'], hosts), { hosts: ['127.0.1.3', '127.0.1.2'], missing: [] });
  assert.deepEqual(domainAddresses(['localhost'], hosts), { hosts: ['127.0.0.1'], missing: [] });
  assert.deepEqual(domainAddresses(['public.localhost', 'elsewhere.localhost'], hosts), {
    hosts: ['127.0.1.2', '127.0.0.1'],
    missing: ['elsewhere.localhost'],
  });
  assert.deepEqual(domainAddresses(['localhost', 'a.b'], '/nonexistent'), { hosts: ['127.0.0.1'], missing: ['a.b'] });
});
