import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, formatProblem } from '../server/config/problem.ts';
import { RUN_PATHS, SETTINGS } from '../server/config/settings.ts';
import { type ChopchopSection, readChopchopSection } from '../server/config/sources/chopchop-section.ts';
import { configElement } from '../server/config/sources/config-element.ts';
import { domainAddresses } from '../server/config/sources/hosts-file.ts';
import { type OpensrfCore, readOpensrfCore } from '../server/config/sources/opensrf-core.ts';
import { resolveSettings } from '../server/config/sources/resolve.ts';
import { siteConfig } from '../server/config/sources/site.ts';
import { withSrfsh } from '../server/config/sources/srfsh.ts';
import { parseXml } from '../server/xml/parse.ts';
import { rootOf } from '../server/xml/read-xml.ts';

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/core/', import.meta.url));

function formatted(problems: OpensrfCore['warnings']): string[] {
  return problems.map(formatProblem);
}

/** The texts of a `<chopchop>` section, by the paths of settings. */
function textsOf({ given }: ChopchopSection) {
  return Object.fromEntries([...given].map(([path, all]) => [path, all.map(({ text }) => text)]));
}

/** The configuration from a fixture, as a row of a table. */
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
    warnings: formatted(core.warnings).map((warning) => warning.slice(file.length + 1)),
    core,
  };
}

function problemsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return formatted(error.problems);
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
    warnings: ['18: <s2sport>: is not a setting of <chopchop>; did you mean <s2s_port>?'],
  });
  assert.deepEqual(textsOf(core.chopchop), {
    domains: ['localhost'],
    ports: ['5223'],
    'components.secret': ['secret'],
    hosts: ['127.0.0.1'],
    'log.level': ['3'],
    'log.file': ['/openils/var/log/chopchop.log'],
  });
  assert.deepEqual(core.registrations, [{ line: 5, target: 'localhost', routerName: '', services: [] }]);
});

test('a file without routers: each domain still gets one, with the name its clients address, that trusts all served domains', () => {
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
  assert.deepEqual(core.chopchop, { given: new Map(), warnings: [] });
  assert.deepEqual([core.registrations, core.logProtect, core.settingsConfig], [[], [], '']);
});

test('white space, comments, CDATA, references and doubled elements: oddities are reported with their line, and do no harm', () => {
  const { core, ...site } = siteOf('odd.xml');
  assert.deepEqual(site, {
    domains: ['private.localhost'],
    accounts: ['chief@private.localhost p', 'opensrf@private.localhost a&b<c'],
    ports: [5222],
    names: ['chief@private.localhost'],
    servers: { 'private.localhost': ['private.localhost'] },
    clients: { 'private.localhost': ['private.localhost'] },
    warnings: [
      '6: <domain>: occurs twice in <opensrf>; the first, in line 5, counts',
      "5: <domain>: has a comment beside its value, which OpenSRF's own programs do not read as we do",
      "8: <username>: has CDATA beside its value, which OpenSRF's own programs do not read as we do",
      '18: <router>: has no <transport> and is ignored',
      '21: <transport>: resource "top" is ignored: services always address "router"',
      '15: <on_listner_loss>: is not a setting of <chopchop>; did you mean <on_listener_loss>?',
    ],
  });
  assert.deepEqual(textsOf(core.chopchop), { 'router.holdMs': ['5'], 'router.balance': ['least-outstanding'], 'router.peers': ['private.localhost'] });
});

test('a file of 2.x with a single router, and a gateway with an account of its own', () => {
  const { core, ...site } = siteOf('2.5-one-router.xml');
  assert.deepEqual(site, {
    domains: ['localhost'],
    accounts: ['gateway@localhost two', 'opensrf@localhost one', 'router@localhost three'],
    ports: [5222],
    names: ['router@localhost'],
    servers: { localhost: ['localhost'] },
    clients: { localhost: ['localhost'] },
    warnings: [],
  });
  assert.deepEqual(core.registrations, [{ line: 6, target: 'localhost', routerName: 'router', services: ['opensrf.math'] }]);
  assert.deepEqual(
    core.routers.map(({ logFile, logLevel, syslogFacility }) => [logFile, logLevel, syslogFacility]),
    [['syslog', 2, 'local2']],
  );
  assert.deepEqual([core.logProtect, core.settingsConfig], [[], '/etc/opensrf/opensrf.xml']);
});

test('a file of 3.x with three domains, many services, and a port, a password and a router of its own for each', () => {
  const { core, ...site } = siteOf('3.2-three-domains.xml');
  assert.deepEqual(site, {
    domains: ['private.example.org', 'public.example.org', 'staff.example.org'],
    accounts: [
      'gate@public.example.org g',
      'opensrf@private.example.org private&secret',
      'opensrf@public.example.org public secret',
      'router@private.example.org p',
      'router@staff.example.org s',
    ],
    ports: [5222, 5322, 5422],
    names: ['router@private.example.org', 'gate@public.example.org', 'router@staff.example.org'],
    servers: {
      'public.example.org': ['private.example.org'],
      'staff.example.org': ['private.example.org', 'staff.example.org'],
      'private.example.org': ['private.example.org'],
    },
    clients: {
      'public.example.org': ['public.example.org', 'private.example.org', 'staff.example.org'],
      'staff.example.org': ['staff.example.org'],
      'private.example.org': ['private.example.org'],
    },
    warnings: [],
  });
  assert.deepEqual(
    core.registrations.map(({ target, routerName, services }) => [target, routerName, services]),
    [
      ['public.example.org', 'gate', ['opensrf.math', 'opensrf.persist', 'open-ils.auth']],
      ['staff.example.org', 'router', []],
      ['private.example.org', '', []],
    ],
  );
});

test('white space around values is ignored, with a warning where OpenSRF does not ignore it', () => {
  const { core, ...site } = siteOf('white-space.xml');
  assert.deepEqual(
    { ...site, warnings: site.warnings.map((warning) => warning.replace(/^\d+: (<\w+>): has white space .*/, '$1')) },
    {
      domains: ['private.localhost'],
      accounts: ['opensrf@private.localhost a secret', 'router@private.localhost r'],
      ports: [5222],
      names: ['router@private.localhost'],
      servers: { 'private.localhost': ['private.localhost'] },
      clients: { 'private.localhost': ['private.localhost'] },
      warnings: ['domain', 'username', 'passwd', 'router_name', 'logfile', 'server', 'username', 'password', 'server', 'client', 'logfile', 'loglevel'].map(
        (name) => `<${name}>`,
      ),
    },
  );
  assert.deepEqual([core.registrations[0]?.target, core.routers[0]?.logFile, core.routers[0]?.logLevel], ['private.localhost', '/var/log/router.log', 2]);
});

test('a srfsh.xml beside the file adds its account; contradictions are reported and ignored', () => {
  const file = `${FIXTURES}beside/opensrf_core.xml`;
  const core = withSrfsh(readOpensrfCore(file), file);
  assert.deepEqual(
    siteConfig(core, file).accounts?.map(({ username, domain, password }) => `${username}@${domain} ${password}`),
    ['opensrf@private.localhost one', 'admin@private.localhost two'],
  );
  assert.deepEqual(
    formatted(core.warnings).map((warning) => warning.replace(`${FIXTURES}beside/`, '')),
    [".srfsh.xml:1: <srfsh>: opensrf@private.localhost has another password in line 2 of the site's file; srfsh cannot log in"],
  );
});

test('a srfsh.xml of another site or with errors is reported and ignored', (t) => {
  const section = (domain: string) => `<domain>${domain}</domain><username>opensrf</username><passwd>p</passwd>`;
  const file = temporaryFile(t, `<config><opensrf>${section('localhost')}</opensrf></config>`);
  const beside = join(dirname(file), 'srfsh.xml');
  for (const [content, says] of [
    [`<srfsh>${section('elsewhere')}</srfsh>`, /srfsh\.xml:1: <srfsh>: elsewhere is not a domain of the site; srfsh cannot log in/],
    ['<srfsh>', /srfsh\.xml:1: <srfsh> is not closed/],
  ] as const) {
    writeFileSync(beside, content);
    const core = withSrfsh(readOpensrfCore(file), file);
    assert.deepEqual(core.clients.length, 1);
    assert.match(formatted(core.warnings).join('\n'), says);
  }
});

test('<chopchop> takes the options of serve with underscores in their names, and the log as other sections do', () => {
  const { core } = siteOf('chopchop.xml');
  assert.deepEqual(textsOf(core.chopchop), {
    hosts: ['127.0.1.3', '127.0.1.2, 127.0.1.4'],
    ports: ['5223'],
    'settings.file': ['/openils/conf/opensrf.xml'],
    'router.balance': ['least-outstanding'],
    'router.onListenerLoss': ['reroute'],
    'router.lossGraceMs': ['0.5'],
    'router.trustedClients': ['private.localhost=public.localhost'],
    logProtect: ['a.b', 'c'],
    'log.format': ['json'],
    'log.file': ['/openils/var/log/chopchop.log'],
    'log.level': ['4'],
  });
  const { config, log } = resolved('chopchop.xml');
  assert.deepEqual([config.hosts, config.ports, config.router.lossGraceMs], [['127.0.1.3', '127.0.1.2', '127.0.1.4'], [5223], 500]);
  assert.deepEqual(log, {
    level: 'debug',
    lifeLevel: 'debug',
    format: 'json',
    destination: { kind: 'file', path: '/openils/var/log/chopchop.log' },
    name: 'chopchop',
  });
});

function resolved(name: string) {
  return resolveSettings({ command: 'serve', args: { config: `${FIXTURES}${name}` }, environment: {}, isTerminal: false });
}

test('every option of serve is an element of <chopchop>, but the file itself and those of the process', () => {
  const options = Object.entries(SETTINGS).filter(([, { option }]) => option !== '');
  const elements = options.map(([, { option }]) => option.replaceAll('-', '_')).map((name) => `<${name}>?</${name}>`);
  const { given, warnings } = readChopchopSection(
    configElement(rootOf(parseXml(`<chopchop>${elements.join('')}<logfile>?</logfile><loglevel>?</loglevel></chopchop>`, 'F', null))),
    'F',
  );
  const inProcess = RUN_PATHS.filter((path) => path.startsWith('process.')).map((path) => SETTINGS[path].option.replaceAll('-', '_'));
  assert.deepEqual(
    warnings.map(({ place }) => place.name.slice(1, -1)),
    // The log is named as in OpenSRF's sections.
    ['config', 'log_level', 'log_file', ...inProcess],
  );
  assert.deepEqual(
    options.map(([path]) => path).filter((path) => !given.has(path)),
    ['config', ...RUN_PATHS.filter((path) => path.startsWith('process.'))],
  );
});

test('errors in <chopchop> are reported with file, line and element', () => {
  assert.deepEqual(
    problemsOf(() => resolved('bad-chopchop.xml')).map((problem) => problem.slice(FIXTURES.length)),
    [
      'bad-chopchop.xml:7: <host>: needs an address to listen on',
      'bad-chopchop.xml:4: <port>: "many" is not a port number from 0 to 65535',
      'bad-chopchop.xml:6: <balance>: "random" is not one of round-robin, least-outstanding',
      'bad-chopchop.xml:5: <hold>: needs a number of seconds from 0 to 86400',
      'bad-chopchop.xml:8: <loglevel>: "chatty" is not one of trace, debug, info, warn, error, fatal, silent, or OpenSRF\'s number from 0 to 5',
      'bad-chopchop.xml:9: <syslog>: "mail" is not one of local0, local1, local2, local3, local4, local5, local6, local7',
      'bad-chopchop.xml:11: <log_tag>: is given more than once',
    ],
  );
});

test('a .srfsh.xml is a site of one domain', () => {
  const { core: _, ...site } = siteOf('home-srfsh.xml');
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
      'F:3: <domain>: "private localhost" is not a domain',
      'F:4: <port>: "many" is not a port number from 0 to 65535',
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
  ['is an opensrf.xml', '<opensrf><hosts/></opensrf>', /^F:1: <opensrf>: this is an opensrf\.xml, for --with-settings; --config takes the opensrf_core\.xml$/],
  ['says nothing of Jabber', '<config><x/></config>', /^F:1: <config>: the file has neither <opensrf>, <gateway>/],
] as const) {
  test(`a file that ${what} is refused`, (t) => {
    const file = temporaryFile(t, content);
    assert.match((problemsOf(() => readOpensrfCore(file))[0] ?? '').replace(file, 'F'), says);
  });
}

test('a missing file is refused with its name', () => {
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
  const hostsFile = temporaryFile(
    t,
    '127.0.0.1 localhost # private.localhost\n127.0.1.2\tpublic.localhost public # guide\n127.0.1.3 Private.localhost\n192.0.2.1 elsewhere.localhost\n::1 localhost\n',
  );
  const around = { hostsFile, ipv4: true };
  assert.deepEqual(domainAddresses(['private.localhost', 'public.localhost'], around), { hosts: ['127.0.1.3', '127.0.1.2'], missing: [], notLoopback: [] });
  assert.deepEqual(domainAddresses(['localhost'], around), { hosts: ['127.0.0.1'], missing: [], notLoopback: [] });
  assert.deepEqual(domainAddresses(['public.localhost', 'elsewhere.localhost'], around), {
    hosts: ['127.0.1.2', '127.0.0.1'],
    missing: ['elsewhere.localhost'],
    notLoopback: [],
  });
  assert.deepEqual(domainAddresses(['localhost', 'a.b'], { hostsFile: '/nonexistent', ipv4: true }), {
    hosts: ['127.0.0.1'],
    missing: ['a.b'],
    notLoopback: [],
  });
});

test('the server listens on a domain that is a loopback address, without a line in /etc/hosts, and on no other address', (t) => {
  const hostsFile = temporaryFile(t, '127.0.1.3 private.localhost\n');
  const addresses = (domains: string[], ipv4 = true) => domainAddresses(domains, { hostsFile, ipv4 });
  assert.deepEqual(addresses(['127.0.0.2', '127.0.0.3']), { hosts: ['127.0.0.2', '127.0.0.3'], missing: [], notLoopback: [] });
  assert.deepEqual(addresses(['127.0.0.2', 'private.localhost', 'a.b']), { hosts: ['127.0.0.2', '127.0.1.3', '127.0.0.1'], missing: ['a.b'], notLoopback: [] });
  assert.deepEqual(addresses(['::1', '[::1]']), { hosts: ['::1'], missing: [], notLoopback: [] });
  assert.deepEqual(addresses(['192.0.2.7', '2001:db8::7']), { hosts: ['127.0.0.1'], missing: [], notLoopback: ['192.0.2.7', '2001:db8::7'] });
  // A machine whose loopback interface has no IPv4 address.
  assert.deepEqual(addresses(['localhost', 'private.localhost', '127.0.0.2'], false), { hosts: ['::1'], missing: [], notLoopback: [] });
});

test('the server listens on the domains of a site that are addresses', () => {
  const { config, missingNames, warnings } = resolved('ip-addresses.xml');
  assert.deepEqual([config.domains, config.hosts, missingNames, warnings], [['127.0.0.2', '127.0.0.3'], ['127.0.0.2', '127.0.0.3'], [], []]);
});

const OLD = (listenAddress: string, domain = 'localhost') =>
  `<config>\n<opensrf><domain>${domain}</domain><username>a</username><passwd>p</passwd></opensrf>\n<chopchop>\n<listen_address>${listenAddress}</listen_address>\n</chopchop></config>`;

test("an old file's example address is ignored, with a warning", (t) => {
  const read = (content: string) => {
    const file = temporaryFile(t, content);
    const { config, warnings } = resolveSettings({ command: 'serve', args: { config: file, insecure: true }, environment: {}, isTerminal: false });
    return [config.hosts, formatted(warnings).map((text) => text.replace(file, 'F'))];
  };
  for (const placeholder of ['192.0.2.7', '[ip address]', 'jabber.example.org']) {
    assert.deepEqual(read(OLD(placeholder)), [
      ['127.0.0.1'],
      [`F:4: <listen_address>: ${placeholder} is not an address of this machine; the server does not listen there`],
    ]);
  }
  for (const own of ['127.0.0.1', '127.0.0.9', '0.0.0.0']) assert.deepEqual(read(OLD(own)), [[own], []]);
  // An address written for this server is taken literally.
  assert.deepEqual(read(OLD('192.0.2.7').replaceAll('listen_address', 'host')), [['192.0.2.7'], []]);
  assert.deepEqual(read(OLD('127.0.0.1', '192.0.2.7').replace(/<listen.*>/, '')), [
    ['127.0.0.1'],
    ['F:2: programs of 192.0.2.7 connect to that address; to listen there, add --host 192.0.2.7'],
  ]);
});

test('a file of an OpenSRF version for Redis is recognised', (t) => {
  const section = (name: string) => `<${name}><domain>localhost</domain><port>6379</port><username>a</username><passwd>p</passwd></${name}>`;
  const file = temporaryFile(t, `<config>\n${section('opensrf')}\n${section('gateway')}</config>`);
  const warnings = formatted(readOpensrfCore(file).warnings);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] as string, /file:2: <port>: port 6379 is Redis's, which an unreleased version of OpenSRF uses instead of Jabber/);
});
