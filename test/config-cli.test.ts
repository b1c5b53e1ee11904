import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve, temporaryFolder } from './support/command.ts';
import { registration } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { endWith, HANG_MS } from './support/processes.ts';

const MAIN = fileURLToPath(new URL('../server/main.js', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../test/fixtures/core/', import.meta.url));

function run(args: string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', timeout: HANG_MS, env: { ...process.env, ...env } });
}

function checked(args: string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = run([...args, '--check-config'], env);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test('--check-config prints the configuration without passwords, and starts nothing', () => {
  const { stdout } = run(['--config', `${FIXTURES}3.3-two-routers.xml`, '--check-config']);
  const description = JSON.parse(stdout);
  assert.deepEqual(description.domains, ['private.localhost', 'public.localhost']);
  assert.deepEqual(description.ports, [5222]);
  assert.deepEqual(description.routers, ['router@private.localhost/router', 'router@public.localhost/router']);
  assert.deepEqual(description.router.trustedServers, { 'private.localhost': ['private.localhost'], 'public.localhost': ['private.localhost'] });
  assert.doesNotMatch(stdout, /privpassword|pubrouter/);
});

test('<log_protect> and --log-protect both hide parameters of methods', () => {
  const site = ['--config', `${FIXTURES}3.3-two-routers.xml`];
  assert.deepEqual(checked(site).logProtect, ['open-ils.auth', 'open-ils.some_service.some_method']);
  assert.deepEqual(checked([...site, '--log-protect', 'a.b', '--log-protect', 'c']).logProtect, [
    'open-ils.auth',
    'open-ils.some_service.some_method',
    'a.b',
    'c',
  ]);
  assert.deepEqual(checked([]).logProtect, []);
});

test('the command line overrides the environment, that <chopchop>, that the other sections, and those the defaults', () => {
  // Its own log file is that of another machine.
  const config = ['--config', `${FIXTURES}1.4-chopchop.xml`, '--log-file', '/dev/null'];
  assert.deepEqual(checked([]).ports, [5222]);
  assert.deepEqual(checked(['--config', `${FIXTURES}no-router.xml`]).ports, [15222, 15223]);
  assert.deepEqual(checked(config).ports, [5223]);
  assert.deepEqual(checked(config, { OPENSRF_CHOPCHOP_PORT: '5224' }).ports, [5224]);
  assert.deepEqual(checked([...config, '--port', '5225'], { OPENSRF_CHOPCHOP_PORT: '5224' }).ports, [5225]);
  assert.deepEqual(checked([], { OPENSRF_CHOPCHOP_DOMAIN: 'a.test, b.test', OPENSRF_CHOPCHOP_HOLD: '2' }).domains, ['a.test', 'b.test']);
  assert.deepEqual(checked(['--config', `${FIXTURES}odd.xml`]).router.holdMs, 5_000);
  assert.deepEqual(checked(['--config', `${FIXTURES}odd.xml`, '--user', 'me:pw']).accounts, ['me@private.localhost']);
});

test('limits are set on the command line, in the environment and in <chopchop>, all in the same words', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'core.xml');
  const account = '<domain>localhost</domain><username>me</username><passwd>password</passwd>';
  const write = (own: string) => writeFileSync(file, `<config><opensrf>${account}</opensrf><chopchop>${own}</chopchop></config>`);
  write('<limit>depth=9</limit><limit>outboxBytes=1MiB</limit><listen_address>0.0.0.0</listen_address><insecure>true</insecure>');
  const config = ['--config', file];
  assert.deepEqual([checked(config).limits.depth, checked(config).limits.outboxBytes, checked(config).hosts], [9, 1_048_576, ['0.0.0.0']]);
  assert.equal(checked([], { OPENSRF_CHOPCHOP_LIMIT: 'depth=10, heldRequests=3' }).limits.heldRequests, 3);
  assert.equal(checked(config, { OPENSRF_CHOPCHOP_LIMIT: 'depth=10' }).limits.depth, 10);
  assert.equal(checked([...config, '--limit', 'depth=11', '--limit', 'heldRequests=0'], { OPENSRF_CHOPCHOP_LIMIT: 'depth=10' }).limits.depth, 11);
  write('<listen_address>0.0.0.0</listen_address><insecure>false</insecure>');
  const { status, stderr } = run([...config, '--check-config']);
  assert.equal(status, 2);
  assert.match(
    stderr,
    /^opensrf-chopchop: \S+core\.xml:1: <listen_address>: other machines may reach 0\.0\.0\.0, and me has the default password: [^\n]+ or add --insecure\n$/,
  );
  assert.equal(run([...config, '--check-config'], { OPENSRF_CHOPCHOP_INSECURE: 'true' }).status, 0);
});

test('a wrong limit is one clear line and exit code 2', () => {
  const { status, stderr } = run(['--limit', 'depth=9', '--limit', 'outboxByte=1']);
  assert.equal(status, 2);
  assert.equal(stderr, 'opensrf-chopchop: --limit: there is no limit "outboxByte"; did you mean "outboxBytes"? (--help limits lists them)\n');
});

test('--help limits prints the table of limits', () => {
  const { status, stdout } = run(['--help', 'limits']);
  assert.equal(status, 0);
  assert.match(stdout, /^loginTimeoutMs +ms +10s +Time from the connection to a bound session/m);
  assert.match(run(['--help']).stdout, /or "limits"/);
  assert.match(run(['serve', '--help']).stdout, /--help limits lists/);
});

test("docs/configuration.md equals the program's own tables", () => {
  const script = fileURLToPath(new URL('../../scripts/configuration-reference.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('a wrong file ends --check-config with every problem in a line of its own and exit code 2', () => {
  const { status, stderr } = run(['--config', `${FIXTURES}broken.xml`, '--check-config']);
  assert.equal(status, 2);
  assert.equal(stderr.trim().split('\n').length, 6);
  assert.match(stderr, /broken\.xml:4: <port>: "many" is not a port number/);
  assert.doesNotMatch(stderr, /\n\s+at /);
});

test('an invalid value of <chopchop> is reported with its place, unless the command line overrides it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'core.xml');
  const account = '<domain>localhost</domain><port>5222</port><username>opensrf</username><passwd>p</passwd>';
  writeFileSync(file, `<config>\n<opensrf>${account}</opensrf>\n<chopchop>\n<hold>-1</hold>\n<peer_router>a</peer_router></chopchop></config>`);
  assert.deepEqual(run(['--config', file, '--check-config']).stderr.replaceAll(file, 'F').trim().split('\n'), [
    'opensrf-chopchop: F:4: <hold>: "-1" is not a number of seconds from 0 to 86400',
    'F:5: <peer_router>: a is not a served domain (localhost)',
  ]);
  assert.match(run(['--config', file, '--check-config', '--peer-router', 'localhost', '--hold', '-2']).stderr, /^opensrf-chopchop: --hold: "-2" [^\n]+\n$/);
  assert.equal(run(['--config', file, '--check-config', '--peer-router', 'localhost', '--hold', '2']).status, 0);
});

test('a missing file is one clear line and exit code 4', () => {
  const { status, stderr } = run(['--config', '/nonexistent/core.xml']);
  assert.equal(status, 4);
  assert.match(stderr, /^opensrf-chopchop: \/nonexistent\/core\.xml: cannot be read: ENOENT[^\n]*\n$/);
});

test('an unknown variable of the environment is a warning, and those of a container platform are ignored', () => {
  const platform = { OPENSRF_CHOPCHOP_SERVICE_HOST: '10.0.0.1', OPENSRF_CHOPCHOP_PORT: 'tcp://10.0.0.1:5222', OPENSRF_CHOPCHOP_PORT_5222_TCP_ADDR: '10.0.0.1' };
  const { ports, warnings } = checked([], { ...platform, OPENSRF_CHOPCHOP_DOMIAN: 'a' });
  assert.deepEqual([ports, warnings], [[5222], ['OPENSRF_CHOPCHOP_DOMIAN: is not a setting; did you mean OPENSRF_CHOPCHOP_DOMAIN?']]);
  const doctor = run(['doctor', '--port', '0'], { ...platform, OPENSRF_CHOPCHOP_DOMIAN: 'a' });
  assert.match(doctor.stdout, /^WARN {2}OPENSRF_CHOPCHOP_DOMIAN: is not a setting/m);
});

test('the environment can require TLS, in every spelling', () => {
  for (const value of ['1', 'yes', 'True', 'on'])
    assert.equal(checked(['--tls-self-signed'], { OPENSRF_CHOPCHOP_TLS_REQUIRED: value }).tls.required, true, value);
  const { status, stderr } = run(['--tls-self-signed', '--check-config'], { OPENSRF_CHOPCHOP_TLS_REQUIRED: 'ja' });
  assert.deepEqual([status, stderr], [2, 'opensrf-chopchop: OPENSRF_CHOPCHOP_TLS_REQUIRED: "ja" is not true or false (or yes, no, on, off, 1, 0)\n']);
});

test('the file is read once: it may be a pipe', async (t) => {
  const pipe = join(temporaryFolder(t), 'core.xml');
  spawnSync('mkfifo', [pipe]);
  const child = spawn(process.execPath, [MAIN, '--config', pipe, '--check-config'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  // Opened for writing as soon as the program reads; a second reading would wait for ever.
  const writer = spawn('cp', [`${FIXTURES}3.3-two-routers.xml`, pipe], { stdio: 'ignore' });
  t.after(() => writer.kill('SIGKILL'));
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(output).domains, ['private.localhost', 'public.localhost']);
});

test('a password in the encoding that the file declares logs in', async (t) => {
  const { ready } = await serve(t, temporaryFolder(t), '--config', `${FIXTURES}latin1.xml`, '--host', '127.0.0.1');
  await (await Peer.connect(t, ready.c2s[0])).login('opensrf', 'private.localhost', 'r', 'geéheim');
});

test('a variable for serve does not disturb the other commands', () => {
  assert.equal(run(['demo'], { OPENSRF_CHOPCHOP_HOLD: '2' }).status, 0);
});

/** A site's file that can be rewritten, and the server that runs by it. */
async function site(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'core.xml');
  const write = (password: string, trusted: string) =>
    writeFileSync(
      file,
      `<config><opensrf><domain>private.localhost</domain><port>5222</port><username>opensrf</username><passwd>${password}</passwd></opensrf>
      <gateway><domain>public.localhost</domain><port>5222</port><username>opensrf</username><passwd>${password}</passwd></gateway>
      <routers><router><trusted_domains><server>private.localhost</server><client>${trusted}</client></trusted_domains>
      <transport><server>private.localhost</server><port>5222</port><username>router</username><password>r</password></transport></router></routers></config>`,
    );
  write('one', 'private.localhost');
  const ready = join(folder, 'ready.json');
  const args = [MAIN, '--config', file, '--port', '0', '--host', '127.0.0.1', '--ready-file', ready];
  const child = endWith(t, spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  const logged = async (text: string) => {
    while (!output.includes(text)) await once(child.stdout, 'data');
    output = output.slice(output.indexOf(text) + text.length);
  };
  await logged('"listening"');
  while (!existsSync(ready)) await new Promise((resolve) => setImmediate(resolve));
  const [address] = JSON.parse(readFileSync(ready, 'utf8')).c2s;
  const login = async (resource: string, password: string, domain = 'private.localhost') =>
    (await Peer.connect(t, address)).login('opensrf', domain, resource, password);
  return { child, file, write, logged, address, login };
}

test('request and drain take account, domain and router from the same file', async (t) => {
  const { file, address, login } = await site(t);
  const listener = await login('listener', 'one');
  listener.send(registration('register', 'router@private.localhost/router', '', 'opensrf.math'));
  listener.send("<iq type='get' id='read' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
  await listener.expect("id='read'");
  const where = ['--config', file, '--host', address.host, '--port', String(address.port)];
  const asked = run(['request', 'router', 'opensrf.router.info.class.list', ...where]);
  assert.deepEqual([asked.status, asked.stdout], [0, '["opensrf.math"]\n'], asked.stderr);
  const drained = run(['drain', 'opensrf.math', ...where]);
  assert.equal(drained.status, 0, drained.stderr);
  assert.equal(run(['request', 'router', 'opensrf.router.info.class.list', ...where, '--password', 'wrong']).status, 3);
});

test('SIGHUP takes over accounts and trusted domains and drops neither a session nor a registration; a bad file changes nothing', async (t) => {
  const { child, file, write, logged, address, login } = await site(t);
  const listener = await login('listener', 'one');
  listener.send(registration('register', 'router@private.localhost/router', '', 'opensrf.math'));
  await logged('"listener registered"');
  const stranger = await login('stranger', 'one', 'public.localhost');
  const ask = () => stranger.send("<message to='router@private.localhost/opensrf.math'><thread>t</thread><body>x</body></message>");
  ask();
  assert.match(await stranger.message(), /<forbidden /);

  write('two', 'public.localhost');
  child.kill('SIGHUP');
  await logged('"configuration reloaded"');
  ask();
  assert.match(await listener.message(), /<body>x<\/body>/);
  await login('newcomer', 'two');
  const late = await Peer.connect(t, address);
  late.send(header('private.localhost'));
  await late.expect(/<stream:stream [^>]*>/);
  late.send("<iq id='1' type='set'><query xmlns='jabber:iq:auth'><username>opensrf</username><password>one</password><resource>r</resource></query></iq>");
  assert.match(await late.expect('</iq>'), /<error code='401'/);

  writeFileSync(file, '<config><opensrf>');
  child.kill('SIGHUP');
  await logged('nothing was changed');
  await login('another', 'two');
  ask();
  assert.match(await listener.message(), /<body>x<\/body>/);
});
