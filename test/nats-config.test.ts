import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { writeCertificate } from './support/certificate.ts';
import { run, temporaryFolder } from './support/command.ts';
import { freePort, NO_NATS } from './support/nats-server.ts';
import { endWith } from './support/processes.ts';

const skip = NO_NATS;
const print = (...args: string[]) => run('cluster', 'print-nats-config', ...args);

/** Prints the configuration of each server into a file. */
function writeConfigs(folder: string, urls: readonly string[], ...args: readonly string[]): string[] {
  return urls.map((_, index) => {
    const { code, stdout, stderr } = print('--cluster', 'dev', '--nats', urls.join(), '--server', String(index + 1), ...args);
    assert.deepEqual([code, stderr], [0, '']);
    const file = join(folder, `nats-${index + 1}.conf`);
    writeFileSync(file, stdout);
    return file;
  });
}

function accepted(file: string): void {
  const { status, stderr } = spawnSync('nats-server', ['-t', '-c', file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

for (const [name, credentials] of [
  ['a new nkey', null],
  ['a user and a password with odd characters', 'dev:a "b\\c" #d'],
] as const) {
  test(`nats-server accepts the configuration for ${name}, with and without TLS`, { skip }, async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'credentials');
    if (credentials === null) assert.equal(print('--cluster', 'dev', '--nats', 'tls://a', '--nats-credentials', file, '--new-key').code, 0);
    else writeFileSync(file, credentials);
    const { certificate, key } = await writeCertificate(folder, 'nats');
    const files = ['--nats-cert', certificate, '--nats-key', key, '--route-ca', certificate];
    for (const urls of [
      ['nats://127.0.0.1:4222'],
      ['tls://localhost:4222', 'tls://[::1]:4223'],
      ['nats://127.0.0.1', 'nats://127.0.0.2', 'nats://127.0.0.3'],
    ]) {
      for (const config of writeConfigs(folder, urls, '--nats-credentials', file, ...files)) accepted(config);
    }
  });
}

async function startNats(t: TestContext, config: string): Promise<void> {
  const child = endWith(t, spawn('nats-server', ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] }));
  for (let log = ''; !log.includes('Server is ready'); ) log += String((await once(child.stderr, 'data'))[0]);
}

test('three servers of that configuration form a cluster over TLS, which carries the subjects of the cluster and no others', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const credentials = join(folder, 'seed');
  const { certificate, key } = await writeCertificate(folder, 'nats');
  const urls = [];
  for (let index = 0; index < 3; index++) urls.push(`tls://localhost:${await freePort()}`);
  assert.equal(print('--cluster', 'dev', '--nats', 'tls://a', '--nats-credentials', credentials, '--new-key').code, 0);
  const configs = writeConfigs(folder, urls, '--nats-credentials', credentials, '--nats-cert', certificate, '--nats-key', key, '--route-ca', certificate);
  await Promise.all(configs.map((config) => startNats(t, config)));
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(readFileSync(credentials, 'utf8').trim()));
  const tls = { caFile: certificate };
  const login = (url = '') => connect({ servers: url.slice('tls://'.length), authenticator, tls, reconnect: false, ignoreClusterUpdates: true });
  const [first, last] = await Promise.all([login(urls[0]), login(urls[2])]);
  const received = new Promise<string>((resolve) => {
    last.subscribe('cc.dev.m', { callback: (_, message) => resolve(message.string()) });
  });
  await last.flush();
  // The routes between the servers may come up later.
  const again = setInterval(() => first.publish('cc.dev.m', 'hello'), 20);
  assert.equal(await received, 'hello');
  clearInterval(again);
  const status = first.status()[Symbol.asyncIterator]();
  first.publish('cc.other.m', '');
  const { value } = await status.next();
  assert.match(String(value?.error?.message), /Permissions Violation for Publish to "cc\.other\.m"/);
  await Promise.all([first.close(), last.close()]);
});

test('the same file of credentials gives the same password between the servers, another file another one', (t) => {
  const folder = temporaryFolder(t);
  const password = (credentials: string, server: string) => {
    writeFileSync(join(folder, 'c'), credentials);
    const { stdout } = print('--cluster', 'dev', '--nats', 'tls://a,tls://b', '--nats-credentials', join(folder, 'c'), '--server', server);
    return /user: "routes", password: "([\w-]{43})"/.exec(stdout)?.[1];
  };
  assert.equal(password('a:b', '1'), password('a:b', '2'));
  assert.notEqual(password('a:b', '1'), password('a:c', '1'));
});

test('the settings come from <chopchop> and the environment too', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'core.xml');
  writeFileSync(join(folder, 'c'), 'a:b');
  const section = '<opensrf><domain>localhost</domain><username>a</username><passwd>p</passwd></opensrf>';
  writeFileSync(file, `<config>${section}<chopchop><cluster>dev</cluster><member>a</member><nats>tls://a tls://b</nats></chopchop></config>`);
  const { stdout, stderr } = print('--config', file, '--nats-credentials', join(folder, 'c'), '--server', '2');
  assert.equal(stderr, '');
  assert.match(stdout, /^server_name: "dev-2"\nlisten: "b:4222"$/m);
});

test('a new key is written for its owner only, and never over a file', (t) => {
  const file = join(temporaryFolder(t), 'seed');
  const args = ['--cluster', 'dev', '--nats', 'tls://a', '--nats-credentials', file];
  const { stdout } = print(...args, '--new-key');
  const seed = readFileSync(file, 'utf8');
  assert.match(seed, /^SU[A-Z2-7]{56}\n$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!stdout.includes(seed.trim()));
  assert.match(stdout, /nkey: "U[A-Z2-7]{55}"/);
  assert.equal(print(...args).stdout, stdout);
  const again = print(...args, '--new-key');
  const already = `opensrf-chopchop: --new-key: there is a file ${file} already: omit --new-key to use it, or name another file\n`;
  assert.deepEqual([again.code, again.stderr], [4, already]);
  assert.equal(readFileSync(file, 'utf8'), seed);
});

for (const [args, code, problem] of [
  [[], 2, '--cluster: is needed\n--nats: is needed\n--nats-credentials: is needed'],
  [['--cluster', 'a.b', '--nats', 'tls://a', '--nats-credentials', 'x'], 2, '--cluster: "a.b" is not a name of 1 to 32 letters, digits, "_" and "-"'],
  [['--cluster', 'a', '--nats', 'tls://a', '--nats-credentials', 'x', '--server', '2'], 2, '--server: 2 is more than the 1 servers of --nats'],
  [
    ['--cluster', 'a', '--nats', 'tls://a', '--nats-credentials', '/nowhere'],
    4,
    "--nats-credentials: cannot read /nowhere: ENOENT: no such file or directory, open '/nowhere'; --new-key writes one",
  ],
] as const) {
  test(`cluster print-nats-config ${args.join(' ')} is refused`, () => {
    const { code: got, stderr, stdout } = print(...args);
    assert.deepEqual([got, stderr, stdout], [code, `opensrf-chopchop: ${problem}\n`, '']);
  });
}

test('credentials that need an operator are refused, and so is another word', (t) => {
  const file = join(temporaryFolder(t), 'creds');
  writeFileSync(file, '-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\nx\n');
  const { code, stderr } = print('--cluster', 'a', '--nats', 'tls://a', '--nats-credentials', file);
  assert.deepEqual([code, /has NATS credentials \(JWT\), whose servers need the configuration of an operator/.test(stderr)], [2, true]);
  assert.equal(run('cluster', 'print').stderr, 'opensrf-chopchop: cluster: say "cluster print-nats-config"\n');
});
