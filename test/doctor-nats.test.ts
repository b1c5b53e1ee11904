import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DEFAULT_LIMITS } from '../server/config/limits.ts';
import type { Finding } from '../server/doctor/finding.ts';
import { checkNats, weaknessesOf } from '../server/doctor/nats.ts';
import { temporaryFolder } from './support/command.ts';
import { freePort, NatsServer, NO_NATS } from './support/nats-server.ts';

const skip = NO_NATS;
const MAIN = fileURLToPath(new URL('../server/main.js', import.meta.url));

const users = (permissions: string) => `accounts { A { users: [ { user: "dev", password: "pa55", permissions: { ${permissions} } } ] } }`;
const NARROW = users('publish: "cc.dev.>", subscribe: "cc.dev.>"');

function credentialsOf(t: TestContext, content = 'dev:pa55'): string {
  const file = join(temporaryFolder(t), 'credentials');
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const cluster = (nats: readonly string[], credentialsFile: string) => ({
  name: 'dev',
  member: 'a',
  nats,
  credentialsFile,
  caFile: '',
  balance: 'all' as const,
  required: false,
});

/** The findings, without those about the version and with short names of the servers. */
async function findingsOf(nats: readonly string[], credentialsFile: string, linkBatchBytes = DEFAULT_LIMITS.linkBatchBytes): Promise<string[]> {
  const findings = await checkNats(cluster(nats, credentialsFile), { linkBatchBytes });
  return findings.filter(({ text }) => !/, nats-server \d/.test(text)).map((finding) => shown(finding, nats));
}

function shown({ grade, text }: Finding, nats: readonly string[]): string {
  return nats.reduce((short, url, index) => short.replaceAll(url, `N${index + 1}`), `${grade}: ${text}`).replace(/nats-server [\d.]+/, 'nats-server V');
}

const FINE = 'ok: NATS: N1 is nats-server V and accepts the login';

test('a nats-server with the login, the permissions and the limits that a cluster wants has no remark', { skip }, async (t) => {
  const server = await NatsServer.start(t, `${NARROW}\nmax_payload: 1MB`);
  assert.deepEqual(await findingsOf([server.url], credentialsOf(t)), [FINE]);
});

for (const [name, config, remark] of [
  ['without logins', '', 'failure: NATS: N1 lets programs in without a login: they can act as this server'],
  ['with no_auth_user', `${NARROW}\nno_auth_user: dev`, 'failure: NATS: N1 lets programs in without a login: they can act as this server'],
  ['with wide permissions', users('publish: ">", subscribe: ">"'), 'warning: NATS: N1 lets this login use subjects besides cc.dev.>'],
  ['that lets it listen to all', users('publish: "cc.dev.>", subscribe: ">"'), 'warning: NATS: N1 lets this login use subjects besides cc.dev.>'],
  [
    'for another cluster',
    users('publish: "cc.other.>", subscribe: "cc.other.>"'),
    'failure: NATS: N1 refuses this login the subjects of the cluster, cc.dev.>',
  ],
  ['that lets it only listen', users('publish: "x", subscribe: "cc.dev.>"'), 'failure: NATS: N1 refuses this login the subjects of the cluster, cc.dev.>'],
  ['with a small max_payload', `${NARROW}\nmax_payload: 64KB`, 'failure: NATS: N1 has max_payload 65536; messages between members need 102400'],
] as const) {
  test(`a nats-server ${name} has the remark: ${remark}`, { skip }, async (t) => {
    const server = await NatsServer.start(t, config);
    assert.deepEqual(
      (await findingsOf([server.url], credentialsOf(t))).filter((one) => one.includes(remark) || one === FINE),
      [FINE, remark],
    );
  });
}

test('a small max_payload is enough for small batches, but never less than 64 KiB', { skip }, async (t) => {
  const server = await NatsServer.start(t, `${NARROW}\nmax_payload: 65536`);
  const credentials = credentialsOf(t);
  assert.deepEqual(await findingsOf([server.url], credentials, 1_024), [FINE]);
  const small = await NatsServer.start(t, `${NARROW}\nmax_payload: 65535`);
  assert.deepEqual((await findingsOf([small.url], credentials, 1_024)).slice(1), [
    'failure: NATS: N1 has max_payload 65535; messages between members need 65536',
  ]);
});

test('each server that cannot be reached or refuses the login is a failure, and so are unreadable credentials', { skip }, async (t) => {
  const server = await NatsServer.start(t, NARROW);
  const absent = `nats://127.0.0.1:${await freePort()}`;
  const found = await findingsOf([server.url, absent], credentialsOf(t));
  assert.deepEqual(found, [FINE, 'failure: NATS: N2: connection refused']);
  const [refused, ...others] = await findingsOf([server.url], credentialsOf(t, 'dev:wrong'));
  assert.match(refused ?? '', /^failure: NATS: N1: it refuses the credentials in .* \(Authorization Violation\)$/);
  assert.deepEqual(others, []);
  assert.deepEqual(await findingsOf([server.url, absent], '/nowhere'), ["failure: cannot read /nowhere: ENOENT: no such file or directory, open '/nowhere'"]);
});

test('servers that form a cluster carry messages to each other, and others do not', { skip }, async (t) => {
  const together = (await NatsServer.startCluster(t, 3)).map(({ url }) => url);
  const credentials = credentialsOf(t);
  assert.deepEqual((await findingsOf(together, credentials)).at(-1), 'ok: NATS: the 3 servers are connected to each other');
  const alone = await NatsServer.start(t);
  const apart = await findingsOf([together[0] as string, alone.url], credentials);
  assert.deepEqual(apart.slice(-2), ['failure: NATS: no message gets from N2 to N1', 'failure: NATS: no message gets from N1 to N2']);
});

test('servers that refuse the subjects of the cluster are named, and their routes are not tried', { skip }, async (t) => {
  const servers = await Promise.all([0, 1].map(() => NatsServer.start(t, users('publish: "cc.other.>", subscribe: "cc.other.>"'))));
  const found = await findingsOf(
    servers.map(({ url }) => url),
    credentialsOf(t),
  );
  const barred = (server: string) => `failure: NATS: ${server} refuses this login the subjects of the cluster, cc.dev.>`;
  assert.deepEqual(
    found.filter((one) => one.startsWith('failure')),
    [barred('N1'), barred('N2')],
  );
});

test('the known weaknesses of a version are named, and later versions have none', () => {
  assert.deepEqual(
    ['2.9.10', '2.9.22', '2.9.23', '2.10.9', '2.11.15', '2.11.16', '2.12.0', '3.0.0', '2.11.16-RC.1'].map((version) => weaknessesOf(version).length),
    [2, 2, 1, 1, 1, 0, 0, 0, 0],
  );
});

test('the command prints the findings of a cluster, and fails for a failure', { skip }, async (t) => {
  const server = await NatsServer.start(t, NARROW);
  const doctor = (credentials: string) => {
    const args = [
      'doctor',
      '--port',
      '0',
      '--domain',
      'localhost',
      '--cluster',
      'dev',
      '--member',
      'a',
      '--nats',
      server.url,
      '--nats-credentials',
      credentials,
    ];
    return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  };
  const good = doctor(credentialsOf(t));
  assert.match(good.stdout, /^ok {4}NATS: nats:\S+ is nats-server [\d.]+ and accepts the login$/m);
  assert.equal(good.status, 0, good.stdout);
  const bad = doctor(credentialsOf(t, 'dev:wrong'));
  assert.equal(bad.status, 1);
  assert.match(bad.stdout, /^FAIL {2}NATS: nats:\S+: it refuses the credentials in \S+ \(Authorization Violation\)\n {6}fix: start that nats-server/m);
});
