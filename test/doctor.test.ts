import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ParsedArguments } from '../server/cli/arguments.ts';
import { chooseCommand } from '../server/cli/command-line.ts';
import { doctor } from '../server/cli/doctor.ts';
import type { Account } from '../server/config/account.ts';
import { createConfig } from '../server/config/config.ts';
import type { LogDestination } from '../server/config/log-values.ts';
import { readOpensrfCore } from '../server/config/sources/opensrf-core.ts';
import type { Finding } from '../server/doctor/finding.ts';
import { checkLog } from '../server/doctor/log.ts';
import { checkLogins } from '../server/doctor/logins.ts';
import { checkClock, checkName, checkNode } from '../server/doctor/machine.ts';
import { checkPort } from '../server/doctor/ports.ts';
import { checkSettings } from '../server/doctor/settings.ts';
import { checkCore, checkSrfsh } from '../server/doctor/site.ts';
import { CommandError, EXIT } from '../server/kernel/exit-codes.ts';
import { serve, temporaryFolder } from './support/command.ts';
import { HANG_MS } from './support/processes.ts';

const MAIN = fileURLToPath(new URL('../server/main.js', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../test/fixtures/core/', import.meta.url));

function temporaryFile(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file.xml');
  writeFileSync(file, content);
  return file;
}

test('the doctor accepts a supported Node only', () => {
  assert.deepEqual(
    ['v18.20.0', 'v20.18.1', 'v20.19.0', 'v22.0.0'].map((version) => checkNode(version).grade),
    ['failure', 'failure', 'ok', 'ok'],
  );
});

test('a clock that was never set, or is behind the files of the site, is a failure', () => {
  const now = new Date('2026-11-23');
  assert.deepEqual(
    [checkClock(new Date(0)), checkClock(now), checkClock(now, new Date('2026-11-22')), checkClock(now, new Date('2026-11-24'))].map(({ grade }) => grade),
    ['failure', 'ok', 'ok', 'failure'],
  );
  assert.match(checkClock(now, new Date('2026-11-24')).remedy, /^set the clock/);
});

test('a domain without an address is a failure, and the remedy is the line for /etc/hosts', async (t) => {
  const around = { hostsFile: temporaryFile(t, '127.0.1.3 private.localhost\n'), ipv4: true };
  assert.deepEqual(await checkName('private.localhost', [], around), { grade: 'ok', text: 'private.localhost is 127.0.1.3 by /etc/hosts', remedy: '' });
  const absent = await checkName('nowhere.invalid', [], around);
  assert.deepEqual([absent.grade, absent.remedy], ['failure', "echo '127.0.0.1 nowhere.invalid' >> /etc/hosts"]);
});

test('a domain that is an address needs no line in /etc/hosts', async () => {
  const found = async (domain: string, ...hosts: string[]) => {
    const { grade, text, remedy } = await checkName(domain, hosts);
    assert.doesNotMatch(text + remedy, /etc\/hosts/);
    return [grade, remedy];
  };
  assert.deepEqual(await found('127.0.0.2', '127.0.0.2'), ['ok', '']);
  assert.deepEqual(await found('127.0.0.2', '0.0.0.0'), ['ok', '']);
  assert.deepEqual(await found('127.0.0.2', '127.0.0.1'), ['failure', 'listen there: --host 127.0.0.2']);
  assert.deepEqual(await found('192.0.2.7', '127.0.0.1'), ['failure', 'run the server there, or correct the domain']);
  for (const domain of ['::1', '[::1]', '2001:db8::7'])
    assert.deepEqual(await found(domain, '::1'), ['failure', 'use a name or an IPv4 address as the domain']);
});

test('on a machine without IPv4 no name has the address 127.0.0.1', async () => {
  for (const domain of ['localhost', 'private.localhost']) {
    const { grade, text, remedy } = await checkName(domain, ['::1'], { ipv4: false });
    assert.deepEqual([grade, text], ['failure', `${domain} has no IPv4 address: the loopback interface has none`]);
    assert.equal(remedy, 'give it one: ip addr add 127.0.0.1/8 dev lo');
  }
});

test('a port in use is a failure that names the program which has it', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const finding = await checkPort('127.0.0.1', port);
  assert.equal(finding.grade, 'failure');
  assert.match(finding.text, new RegExp(`127\\.0\\.0\\.1:${port} is in use by pid ${process.pid} of user \\w+: .*node`));
  assert.match(finding.remedy, new RegExp(`kill ${process.pid}`));
  const foreign = await checkPort('192.0.2.1', 1);
  assert.deepEqual([foreign.grade, foreign.remedy], ['failure', 'choose an address of this machine: --host 127.0.0.1']);
});

test('the doctor checks the ports of components, TLS and WebSockets too', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const findings = (...args: string[]): string[] => {
    const { stdout } = spawnSync(process.execPath, [MAIN, 'doctor', '--json', '--port', '0', '--host', '127.0.0.1', ...args], { encoding: 'utf8' });
    return (JSON.parse(stdout) as { grade: string; text: string }[]).map(({ grade, text }) => `${grade} ${text}`);
  };
  const components = ['--component-port', String(port), '--component', 'gate.localhost:secret'];
  for (const [purpose, ...args] of [
    ['components', ...components],
    ['TLS', '--tls-self-signed', '--tls-port', String(port)],
    ['WebSockets', '--websocket-port', String(port)],
  ]) {
    const lines = findings(...args).filter((text) => text.includes(`:${port}`));
    assert.equal(lines.length, 1);
    assert.match(lines[0] as string, new RegExp(`^failure 127\\.0\\.0\\.1:${port} \\(${purpose}\\) is in use by pid ${process.pid} of user`));
  }
  other.close();
  await once(other, 'close');
  assert.ok(findings(...components).includes(`ok 127.0.0.1:${port} (components) is free`));
});

test("a port of our own server is not a failure, and the doctor tries a site's accounts there", async (t) => {
  const { ready } = await serve(t, temporaryFolder(t), '--user', 'opensrf:one');
  const [{ host, port }] = ready.c2s;
  assert.deepEqual(await checkPort(host, port), {
    grade: 'ok',
    text: `${host}:${port} is served by opensrf-chopchop (pid ${ready.pid})`,
    remedy: '',
    server: ready.pid,
  });
  const account = (username: string, password: string) => ({ username, domain: 'localhost', password });
  const config = (...accounts: Account[]) => createConfig({ domains: ['localhost'], hosts: [host], ports: [port], accounts });
  assert.deepEqual(await checkLogins(config(account('opensrf', 'one')), ready.pid), [{ grade: 'ok', text: 'all 1 accounts may log in', remedy: '' }]);
  const findings = await checkLogins(config(account('opensrf', 'two'), account('opensrf', 'one')), ready.pid);
  assert.deepEqual(
    findings.map(({ grade, remedy }) => [grade, remedy]),
    [
      ['failure', `reload the server's configuration: kill -HUP ${ready.pid}`],
      ['ok', ''],
    ],
  );
  assert.match(findings[0]?.text ?? '', /cannot log in as opensrf@localhost/);
});

test('a log that cannot be written is a failure', (t) => {
  const log = (destination: LogDestination) => checkLog({ level: 'info', lifeLevel: 'info', format: 'auto', name: 'chopchop', destination });
  const file = (path: string) => log({ kind: 'file', path });
  const folder = temporaryFolder(t);
  assert.deepEqual(log({ kind: 'stdout' }), []);
  const syslog = log({ kind: 'syslog', facility: 'local0', socket: '/nonexistent/log' });
  assert.deepEqual(
    [file(join(folder, 'new.log')), file(join(folder, 'no', 'new.log')), syslog].map(([finding]) => finding?.grade),
    ['ok', 'failure', 'failure'],
  );
});

for (const name of readdirSync(FIXTURES).filter((file) => file.endsWith('.xml'))) {
  test(`the doctor reads ${name}, and has findings for it`, () => {
    const args = ['doctor', '--json', '--config', `${FIXTURES}${name}`, '--port', '0'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    const findings = JSON.parse(stdout) as { grade: string; text: string; remedy: string }[];
    assert.ok(findings.length > 1);
    for (const { grade, remedy } of findings) assert.equal(remedy !== '', grade !== 'ok');
    const failures = findings.filter(({ grade }) => grade === 'failure').length;
    assert.deepEqual([status, stderr.length > 0], failures > 0 ? [1, true] : [0, false]);
  });
}

for (const name of ['3.3-two-routers.xml', '3.2-three-domains.xml', '2.5-one-router.xml']) {
  test(`a file that works fits together: ${name}`, () => {
    const file = `${FIXTURES}${name}`;
    assert.deepEqual(
      checkCore(readOpensrfCore(file), file).filter(({ grade }) => grade !== 'ok'),
      [],
    );
  });
}

/** A site that fits together, with something in it written otherwise. */
function site(replaced: string | RegExp, by: string): string {
  const whole = `<config>
  <opensrf><domain>private.localhost</domain><port>5222</port><username>opensrf</username><passwd>p</passwd><router_name>router</router_name><logfile>syslog</logfile>
    <routers><router>private.localhost</router><router><name>router</name><domain>public.localhost</domain></router></routers>
    <settings_config>/openils/conf/opensrf.xml</settings_config></opensrf>
  <gateway><domain>public.localhost</domain><port>5222</port><username>opensrf</username><passwd>p</passwd><router_name>router</router_name><logfile>syslog</logfile></gateway>
  <routers><router>
    <trusted_domains><server>private.localhost</server><client>private.localhost</client></trusted_domains>
    <transport><server>private.localhost</server><port>5222</port><username>router</username><password>r</password></transport>
  </router><router>
    <trusted_domains><server>private.localhost</server><client>public.localhost</client></trusted_domains>
    <transport><server>public.localhost</server><port>5222</port><username>router</username><password>r</password></transport>
  </router></routers>
</config>`;
  const written = whole.replace(replaced, by);
  assert.notEqual(written, whole, 'the row changes the site');
  return written;
}

for (const [what, replaced, by, grade, says, remedy] of [
  [
    'asks for a router of another name',
    '<router_name>router</router_name><logfile>syslog</logfile></gateway>',
    '<router_name>boss</router_name><logfile>syslog</logfile></gateway>',
    'failure',
    /:5: <gateway> asks boss@public\.localhost, but the router there is router@public\.localhost \(line 9\)/,
    'set <router_name>router</router_name> in <gateway>',
  ],
  [
    'sends requests from a domain that is not trusted',
    '<client>public.localhost</client>',
    '<client>private.localhost</client>',
    'failure',
    /:5: <gateway> sends its requests from public\.localhost, which the router of public\.localhost \(line 9\) does not trust/,
    'add <client>public.localhost</client> to its <trusted_domains>',
  ],
  [
    'registers from a domain that is not trusted',
    '<server>private.localhost</server><client>private',
    '<server>public.localhost</server><client>private',
    'failure',
    /:3: services of private\.localhost register with the router of private\.localhost \(line 6\), which does not trust them/,
    'add <server>private.localhost</server> to its <trusted_domains>',
  ],
  [
    'registers by a name that the router does not have',
    '<name>router</name>',
    '<name>boss</name>',
    'failure',
    /:3: services of private\.localhost register with the router of public\.localhost as boss, but it is router \(line 9\)/,
    'write <name>router</name>',
  ],
  [
    'registers with a router that is not there',
    '<router>private.localhost</router>',
    '<router>private.localhost</router><router>elsewhere</router>',
    'failure',
    /:3: services of private\.localhost register with the router of elsewhere, a domain not served by anything in this file/,
    'correct <domain>elsewhere</domain>, or add a <routers><router> for it',
  ],
  [
    'asks a router where no service registers',
    '<router><name>router</name><domain>public.localhost</domain></router>',
    '',
    'failure',
    /:5: <gateway> asks the router of public\.localhost, where no service registers/,
    'add <router><name>router</name><domain>public.localhost</domain></router> to <opensrf><routers>',
  ],
  [
    'registers nowhere',
    /<routers><router>private.*<\/router><\/routers>/,
    '',
    'failure',
    /:2: <opensrf> has no <routers><router>, so no service registers anywhere/,
    'add <routers><router>private.localhost</router></routers> to <opensrf>',
  ],
  [
    'trusts a domain without an account',
    '<client>public.localhost</client>',
    '<client>public.localhost</client><client>publik.localhost</client>',
    'warning',
    /:9: the router of public\.localhost trusts publik\.localhost, which has no account in this file/,
    'remove publik.localhost from <trusted_domains>, or write one of private.localhost, public.localhost',
  ],
  [
    'has a program without a port',
    '<port>5222</port>',
    '',
    'failure',
    /:2: <opensrf> has no <port>, and OpenSRF's programs need one/,
    'add <port>5222</port> to <opensrf>',
  ],
  [
    'has a program without a log',
    '<logfile>syslog</logfile></gateway>',
    '</gateway>',
    'failure',
    /:5: <gateway> has no <logfile>, and C programs need one/,
    'add <logfile>syslog</logfile> to <gateway>',
  ],
  [
    'does not say where the settings are',
    /<settings_config>.*<\/settings_config>/,
    '',
    'warning',
    /:2: <opensrf> has no <settings_config>, so osrf_control asks opensrf\.settings/,
    'add <settings_config>/openils/conf/opensrf.xml</settings_config> to <opensrf>',
  ],
  [
    "has white space in a value, which OpenSRF's programs take for a part of it",
    '<passwd>p</passwd>',
    '<passwd> p </passwd>',
    'warning',
    /:2: <passwd>: has white space beside its value/,
    'correct that option, or that line of the file',
  ],
] as const) {
  test(`a site that ${what} is a ${grade} with its line and its remedy`, (t) => {
    const file = temporaryFile(t, site(replaced, by));
    const [finding, ...more] = checkCore(readOpensrfCore(file), file);
    assert.deepEqual([finding?.grade, finding?.remedy, more], [grade, remedy, []]);
    assert.match(finding?.text ?? '', says);
  });
}

for (const [what, change, says] of [
  ['another password', ['privpassword', 'wrong'], /:1: the password of opensrf@private\.localhost differs from line 4 of the site's file/],
  ['an account that is not there', ['opensrf', 'stranger'], /:1: stranger@private\.localhost is not an account of the site/],
  ['another port', ['5222', '5223'], /:1: port 5223 is not a port of the site/],
  ['another router', ['>router<', '>boss<'], /:1: srfsh asks boss@private\.localhost, but the router there is router/],
  ['a file that is broken', ['</srfsh>', ''], /:1: <srfsh> is not closed/],
] as const) {
  test(`srfsh with ${what} is a failure`, (t) => {
    const core = readOpensrfCore(`${FIXTURES}3.3-two-routers.xml`);
    const good =
      '<srfsh><router_name>router</router_name><domain>private.localhost</domain><port>5222</port><username>opensrf</username><passwd>privpassword</passwd></srfsh>';
    assert.deepEqual(
      checkSrfsh(temporaryFile(t, good), core).map(({ grade }) => grade),
      ['ok'],
    );
    const [finding, ...more] = checkSrfsh(temporaryFile(t, good.replace(change[0], change[1])), core);
    assert.deepEqual([finding?.grade, more], ['failure', []]);
    assert.match(finding?.text ?? '', says);
    assert.notEqual(finding?.remedy, '');
  });
}

/** An opensrf.xml in which all is well on "here", with something in it written otherwise. */
function settingsOf(t: TestContext, replaced: string | RegExp, by: string): string {
  return temporaryFile(
    t,
    `<opensrf><default><apps>
      <opensrf.math><language>c</language><implementation>libosrf_math.so</implementation><keepalive>3</keepalive>
        <unix_config><min_children>1</min_children><max_children>5</max_children></unix_config></opensrf.math>
      <opensrf.settings><language>perl</language><implementation>OpenSRF::Application::Settings</implementation></opensrf.settings>
    </apps></default>
    <hosts><here><activeapps><appname>opensrf.settings</appname><appname>opensrf.math</appname></activeapps></here></hosts></opensrf>`.replace(replaced, by),
  );
}

function settingsFindings(file: string, builtIn = false, hostName = 'here', core = '3.3-two-routers.xml') {
  return checkSettings(file, { core: readOpensrfCore(`${FIXTURES}${core}`), hostName, builtIn });
}

test('settings with all active services configured pass', (t) => {
  for (const hostName of ['here', 'here.example.org']) {
    const file = settingsOf(t, /here>/g, `${hostName}>`);
    assert.deepEqual(settingsFindings(file), [{ grade: 'ok', text: `${file}: all active services on ${hostName} are configured`, remedy: '' }]);
  }
  assert.deepEqual(settingsFindings(settingsOf(t, '<appname>opensrf.settings</appname>', ''), true)[0]?.grade, 'ok');
});

for (const [what, replaced, by, grade, says, remedy] of [
  [
    'has neither this machine nor localhost',
    /here>/g,
    'there>',
    'failure',
    /<hosts> has neither this machine \(here\) nor localhost, only there/,
    'rename <there> to <here>, or export OSRF_HOSTNAME=there',
  ],
  ['has no host at all', /<here>.*<\/here>/, '', 'warning', /<hosts> names no host/, 'add <hosts><here> with its <activeapps>'],
  ['has no active service', /<appname>.*<\/appname>/, '', 'warning', /host here: no service is active/, 'name the services to start in <activeapps><appname>'],
  [
    'has an active service without a section',
    '<appname>opensrf.math',
    '<appname>opensrf.absent</appname><appname>opensrf.math',
    'failure',
    /host here: opensrf\.absent is active, but has no section in <apps>/,
    'add <apps><opensrf.absent>…</opensrf.absent></apps>',
  ],
  [
    'has a service without a language',
    '<language>perl</language>',
    '',
    'failure',
    /opensrf\.settings has no <language>/,
    'write <language>perl</language> or <language>c</language>',
  ],
  [
    'has a service in a language that OpenSRF does not start',
    '<language>perl</language>',
    '<language>python</language>',
    'failure',
    /opensrf\.settings has the language "python": OpenSRF does not start it/,
    'write <language>perl</language> or <language>c</language>',
  ],
  [
    'has a service in C with white space',
    '<language>perl</language>',
    '<language> c </language>',
    'failure',
    /opensrf\.settings has the language " c "/,
    'write <language>perl</language> or <language>c</language>',
  ],
  [
    'has a service without an implementation',
    /<implementation>lib.*?<\/implementation>/,
    '',
    'failure',
    /opensrf\.math has no <implementation>/,
    'name the Perl package or the C library in <implementation>',
  ],
  [
    'has more children at least than at most',
    '<min_children>1<',
    '<min_children>6<',
    'failure',
    /min_children \(6\) is more than max_children \(5\)/,
    'write <max_children>6</max_children>',
  ],
  [
    'has fewer children at most than a C service starts by itself',
    '<min_children>1</min_children><max_children>5<',
    '<max_children>2<',
    'failure',
    /min_children \(3\) is more than max_children \(2\)/,
    'write <max_children>3</max_children>',
  ],
  [
    'has more children than a C service takes',
    '<max_children>5<',
    '<max_children>300<',
    'failure',
    /max_children is 300, but a C service ends with more than 256/,
    'write <max_children>256</max_children>',
  ],
  [
    'has white space in a number',
    '<keepalive>3<',
    '<keepalive> 3 <',
    'warning',
    /<keepalive> is " 3 ", not a number for OpenSRF/,
    'write <keepalive>5</keepalive>, without white space',
  ],
  [
    'has a C service without settings',
    '<appname>opensrf.settings</appname>',
    '',
    'failure',
    /opensrf\.math is a C service and needs opensrf\.settings to start, which is not active/,
    'start the server with --with-settings, or add <appname>opensrf.settings</appname>',
  ],
  [
    'has the default behind the hosts',
    /(<default>.*<\/default>)\s*(<hosts>.*<\/hosts>)/s,
    '$2$1',
    'warning',
    /<default> follows <hosts>/,
    'move <default> before <hosts>',
  ],
  [
    'has active services in two places',
    '<default>',
    '<default><activeapps><appname>opensrf.settings</appname></activeapps>',
    'warning',
    /<activeapps> is in <default> and in a host/,
    'write <activeapps> for each host, and none in <default>',
  ],
  [
    'does not have what is published',
    /opensrf\.math/g,
    'opensrf.other',
    'warning',
    /opensrf\.math is not active on any host, but should register with the router of public\.localhost/,
    "add <appname>opensrf.math</appname> to a host's <activeapps>, or remove it from <services>",
  ],
  ['is not well-formed', '</opensrf>', '', 'failure', /file\.xml:1: <opensrf> is not closed/, 'correct it there, or name the right file in <settings_config>'],
] as const) {
  test(`an opensrf.xml that ${what} is a ${grade} with its remedy`, (t) => {
    const published = what.includes('published') ? '3.3-two-routers.xml' : 'no-router.xml';
    const [finding, ...more] = settingsFindings(settingsOf(t, replaced, by), false, 'here', published);
    assert.deepEqual([finding?.grade, finding?.remedy, more], [grade, remedy, []]);
    assert.match(finding?.text ?? '', says);
  });
}

test("a published service that is configured and not active is inactive on purpose; so is one that only Evergreen's sample file publishes", (t) => {
  const inactive = settingsOf(t, '<appname>opensrf.math</appname>', '');
  assert.deepEqual(
    settingsFindings(inactive, true).map(({ grade }) => grade),
    ['ok'],
  );
  const sample = readFileSync(`${FIXTURES}3.3-two-routers.xml`, 'utf8');
  const core = temporaryFile(t, sample.replace('<service>opensrf.math</service>', '<service>open-ils.resolver</service><service>open-ils.resolv</service>'));
  const findings = checkSettings(settingsOf(t, '', ''), { core: readOpensrfCore(core), hostName: 'here', builtIn: false });
  assert.deepEqual(
    findings.map(({ text }) => /\S+ is not active/.exec(text)?.[0]),
    ['open-ils.resolv is not active'],
  );
});

test('a missing opensrf.xml is a failure', () => {
  assert.deepEqual(
    settingsFindings('/nonexistent/opensrf.xml').map(({ grade }) => grade),
    ['failure'],
  );
});

const SETTINGS_FIXTURES = fileURLToPath(new URL('../../test/fixtures/opensrf-xml/', import.meta.url));
const xmlIn = (folder: string) => readdirSync(folder).flatMap((name) => (name.endsWith('.xml') ? [join(folder, name)] : []));
const ALL_FIXTURES: readonly (readonly string[])[] = [
  ...xmlIn(FIXTURES).map((file) => ['--config', file]),
  ...xmlIn(join(FIXTURES, 'beside')).map((file) => ['--config', file]),
  ...xmlIn(SETTINGS_FIXTURES).map((file) => ['--domain', 'localhost', '--with-settings', file]),
  ...xmlIn(SETTINGS_FIXTURES).map((file) => ['--config', `${FIXTURES}3.3-two-routers.xml`, '--with-settings', file]),
];

for (const args of ALL_FIXTURES) {
  test(`doctor has a verdict and a remedy for each finding: ${args.map((arg) => arg.replace(/.*\/(?=[^/]+\/[^/]+$)/, '')).join(' ')}`, async () => {
    const lines: string[] = [];
    const command = await chooseCommand(['doctor', '--port', '0', ...args]);
    const failed = await doctor(command?.args as ParsedArguments, { json: true }, (line) => lines.push(line)).then(
      () => '',
      (error: unknown) => (error instanceof CommandError && error.exitCode === EXIT.failed ? error.message : Promise.reject(error)),
    );
    const findings = JSON.parse(lines.join('')) as Finding[];
    for (const { grade, text, remedy } of findings) {
      assert.match(text, /^\S.*\S$/s);
      assert.equal(remedy !== '', grade !== 'ok', text);
      assert.doesNotMatch(text + remedy, /undefined|NaN|\[object|\n {4}at /);
    }
    const failures = findings.filter(({ grade }) => grade === 'failure').length;
    assert.equal(failed, failures === 0 ? '' : `${failures} failure${failures === 1 ? '' : 's'}`);
  });
}

test('the command prints each finding and its remedy, and exits with 1 if there is a failure', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, 'doctor', '--port', '0', ...args], { encoding: 'utf8', timeout: HANG_MS });
  const bad = run('--config', `${FIXTURES}broken.xml`);
  assert.equal(bad.status, 1);
  assert.match(
    bad.stdout,
    /FAIL {2}\S+broken\.xml:4: <port>: "many" is not a port number from 0 to 65535\n {6}fix: correct that option, or that line of the file\n/,
  );
  assert.equal(bad.stderr, 'opensrf-chopchop: 6 failures\n');
  const good = run('--domain', 'localhost', '--json');
  assert.equal(good.status, 0, good.stderr);
  assert.deepEqual(
    JSON.parse(good.stdout).map(({ grade }: { grade: string }) => grade),
    ['ok', 'ok', 'ok'],
  );
});
