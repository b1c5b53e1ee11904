import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readOpensrfCore } from '../server/config/opensrf-core.ts';
import { checkClock, checkName, checkNode, checkPort } from '../server/doctor/machine.ts';
import { checkCore, checkSettings, checkSrfsh } from '../server/doctor/site.ts';
import { serve, temporaryFolder } from './support/command.ts';

const MAIN = fileURLToPath(new URL('../server/main.js', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../../test/fixtures/core/', import.meta.url));

function temporaryFile(t: TestContext, content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'chopchop-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'file.xml');
  writeFileSync(file, content);
  return file;
}

test('the doctor knows which Node will do, and a clock that was never set', () => {
  assert.deepEqual(
    ['v18.20.0', 'v20.18.1', 'v20.19.0', 'v22.0.0'].map((version) => checkNode(version).grade),
    ['failure', 'failure', 'ok', 'ok'],
  );
  assert.deepEqual([checkClock(new Date(0)).grade, checkClock(new Date('2026-11-23')).grade], ['failure', 'ok']);
});

test('a domain without an address is a failure, and the remedy is the line for /etc/hosts', async (t) => {
  const hosts = temporaryFile(t, '127.0.1.3 private.localhost\n');
  assert.deepEqual(await checkName('private.localhost', hosts), { grade: 'ok', text: 'private.localhost is 127.0.1.3 by /etc/hosts', remedy: '' });
  const absent = await checkName('nowhere.invalid', hosts);
  assert.deepEqual([absent.grade, absent.remedy], ['failure', "echo '127.0.0.1 nowhere.invalid' >> /etc/hosts"]);
});

test('a port in use is a failure that names the program which has it', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const finding = await checkPort('127.0.0.1', port);
  assert.equal(finding.grade, 'failure');
  assert.match(finding.text, new RegExp(`127\\.0\\.0\\.1:${port} is in use by pid ${process.pid}: .*node`));
  assert.match(finding.remedy, new RegExp(`kill ${process.pid}`));
  assert.equal((await checkPort('192.0.2.1', 1)).grade, 'failure');
});

test('a port that our own server has is no failure', async (t) => {
  const { ready } = await serve(t, temporaryFolder(t));
  const [{ host, port }] = ready.c2s as [{ host: string; port: number }];
  assert.deepEqual(await checkPort(host, port), { grade: 'ok', text: `${host}:${port} is served by opensrf-chopchop (pid ${ready.pid})`, remedy: '' });
});

test("the installation guide's file fits together", () => {
  const file = `${FIXTURES}3.3-two-routers.xml`;
  assert.deepEqual(
    checkCore(readOpensrfCore(file), file).map(({ grade }) => grade),
    ['ok'],
  );
});

const SITE = (routerName: string, trustedServer: string, trustedClient: string) => `<config>
  <opensrf><domain>private.localhost</domain><username>opensrf</username><passwd>p</passwd><router_name>${routerName}</router_name>
    <routers><router>private.localhost</router></routers></opensrf>
  <routers><router>
    <trusted_domains><server>${trustedServer}</server><client>${trustedClient}</client></trusted_domains>
    <transport><server>private.localhost</server><username>router</username><password>r</password></transport>
  </router></routers>
</config>`;

for (const [what, site, says, remedy] of [
  [
    'asks for a router of another name',
    SITE('boss', 'private.localhost', 'private.localhost'),
    /asks boss@private\.localhost, but the router there is router@/,
    /router_name/,
  ],
  [
    'sends requests from a domain that is not trusted',
    SITE('router', 'private.localhost', 'a'),
    /which the router of private\.localhost \(line 4\) does not trust/,
    /<client>/,
  ],
  [
    'registers from a domain that is not trusted',
    SITE('router', 'a', 'private.localhost'),
    /register with the router of private\.localhost .* does not trust them/,
    /<server>/,
  ],
] as const) {
  test(`a site that ${what} is a failure with its line and its remedy`, (t) => {
    const file = temporaryFile(t, site);
    const [finding, ...more] = checkCore(readOpensrfCore(file), file);
    assert.deepEqual([finding?.grade, more], ['failure', []]);
    assert.match(finding?.text ?? '', says);
    assert.match(finding?.remedy ?? '', remedy);
  });
}

test('srfsh must log in by an account of the site, with its password', (t) => {
  const core = readOpensrfCore(`${FIXTURES}3.3-two-routers.xml`);
  const srfsh = (username: string, password: string) =>
    temporaryFile(t, `<srfsh><domain>private.localhost</domain><username>${username}</username><passwd>${password}</passwd></srfsh>`);
  const grades = (file: string) => checkSrfsh(file, core).map(({ grade }) => grade);
  assert.deepEqual(grades(srfsh('opensrf', 'privpassword')), ['ok']);
  assert.deepEqual(grades(srfsh('opensrf', 'wrong')), ['failure']);
  assert.deepEqual(grades(srfsh('stranger', 'p')), ['failure']);
  assert.deepEqual(grades(temporaryFile(t, '<srfsh>')), ['failure']);
});

test('settings that cannot be read are a failure', (t) => {
  assert.equal(checkSettings('/nonexistent/opensrf.xml').grade, 'failure');
  assert.equal(checkSettings(temporaryFile(t, '<opensrf>')).grade, 'failure');
  assert.equal(checkSettings(temporaryFile(t, '<opensrf/>')).grade, 'ok');
});

test('the command prints each finding and its remedy, and exits with 1 if there is a failure', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, 'doctor', '--port', '0', ...args], { encoding: 'utf8', timeout: 30_000 });
  const bad = run('--config', `${FIXTURES}broken.xml`);
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /FAIL {2}\S+broken\.xml:4: <port>: "many" is no port\n {6}mend: correct it there\n/);
  assert.equal(bad.stderr, 'opensrf-chopchop: 6 failures\n');
  const good = run('--domain', 'localhost', '--json');
  assert.equal(good.status, 0, good.stderr);
  assert.deepEqual(
    JSON.parse(good.stdout).map(({ grade }: { grade: string }) => grade),
    ['ok', 'ok', 'ok'],
  );
});
