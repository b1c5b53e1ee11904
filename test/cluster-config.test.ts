import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConfigInput, createConfig } from '../server/config/config.ts';
import { ConfigError } from '../server/config/problem.ts';
import { reloadedConfig } from '../server/config/reload.ts';
import { run, temporaryFolder } from './support/command.ts';

const CLUSTER = { name: 'dev', member: 'a', nats: ['tls://10.0.0.1:4222'] };

function problemsOf(input: ConfigInput): string {
  try {
    createConfig(input);
    return '';
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
}

test('a server without the settings of a cluster is alone', () => {
  assert.equal(createConfig().cluster, null);
});

test('a cluster has its defaults', () => {
  assert.deepEqual(createConfig({ cluster: CLUSTER }).cluster, { ...CLUSTER, credentialsFile: '', caFile: '', balance: 'all', required: false });
});

for (const [cluster, problem] of [
  [{ ...CLUSTER, name: 'a.b' }, 'cluster.name: "a.b" is not a name of 1 to 32 letters, digits, "_" and "-"'],
  [{ ...CLUSTER, member: 'x'.repeat(33) }, `cluster.member: "${'x'.repeat(33)}" is not a name of 1 to 32 letters, digits, "_" and "-", other than "self"`],
  [{ name: 'dev', nats: CLUSTER.nats } as never, 'cluster.member: needs a name for this member of the cluster'],
  [{ name: 'dev', member: 'a' } as never, 'cluster.nats: needs the URL of a NATS server'],
  [{ member: 'a', nats: CLUSTER.nats } as never, 'cluster.name: needs the name of the cluster'],
  [{ ...CLUSTER, nats: ['nats://10.0.0.1'] }, 'cluster.nats: nats://10.0.0.1: other machines could read and forge all messages: use tls://, or add --insecure'],
  [{ ...CLUSTER, nats: ['nats://localhost', 'tls://10.0.0.1'] }, 'cluster.nats: nats://localhost: begin all URLs with tls://, or none'],
  [{ ...CLUSTER, nats: ['nats://[::1]'], caFile: 'ca.pem' }, 'cluster.caFile: no URL of --nats begins with tls://'],
  [{ ...CLUSTER, required: 'often' as never }, 'cluster.required: "often" is not true or false (or yes, no, on, off, 1, 0)'],
] as const) {
  test(`a program gets the error: ${problem}`, () => assert.equal(problemsOf({ cluster }), problem));
}

test('with --insecure, NATS on another machine may be without TLS', () => {
  assert.equal(problemsOf({ cluster: { ...CLUSTER, nats: ['nats://10.0.0.1'] }, insecure: true }), '');
});

test('no message shows the password in a URL', () => {
  for (const nats of [['tls://user:pa55@10.0.0.1'], 'tls://user:pa55,pa55@10.0.0.1', 'nats://user:pa55 pa55@10.0.0.1']) {
    const problem = problemsOf({ cluster: { ...CLUSTER, nats: nats as never } });
    assert.match(problem, /^cluster\.nats: needs URLs without a user name or password; write these to a file, and name it by --nats-credentials/);
    assert.doesNotMatch(problem, /pa55/);
  }
});

test('members, beats and windows that contradict each other are refused', () => {
  assert.equal(problemsOf({ limits: { suspectMs: 3_000 } }), 'limits: deadAfterMs: 2000 is less than suspectMs, which is 3000');
  assert.equal(problemsOf({ limits: { beatMs: 700 } }), 'limits: suspectMs: 600 is less than beatMs, which is 700');
  assert.equal(problemsOf({ limits: { linkWindowBytes: 1_024 } }), 'limits: linkWindowBytes: 1024 is less than linkBatchBytes, which is 32768');
  assert.match(problemsOf({ limits: { members: 65 } }), /^limits: members: 65 is not a whole number from 2 to 64/);
});

test('a reload names a changed cluster, and keeps the running one', () => {
  const alone = createConfig();
  const member = createConfig({ cluster: CLUSTER });
  const moved = createConfig({ cluster: { ...CLUSTER, nats: ['tls://10.0.0.2'], balance: 'local' } });
  for (const [running, read, restart] of [
    [alone, member, ['cluster']],
    [member, alone, ['cluster']],
    [member, moved, ['cluster.nats', 'cluster.balance']],
  ] as const) {
    const reloaded = reloadedConfig(running, read);
    assert.deepEqual([reloaded.restart, reloaded.config.cluster], [restart, running.cluster]);
  }
});

const MEMBER = ['--cluster', 'dev', '--member', 'a', '--nats', 'nats://127.0.0.1:4222'];

for (const [args, problem] of [
  [['--cluster', 'dev'], '--member: needs a name for this member of the cluster\n--nats: needs the URL of a NATS server'],
  [
    ['--member', 'a', '--cluster-required'],
    '--member: needs --cluster too, which makes this server a member\n--cluster-required: needs --cluster too, which makes this server a member',
  ],
  [['--nats', 'tls://a'], '--nats: needs --cluster too, which makes this server a member'],
  [['--cluster', 'ä', '--member', 'a', '--nats', 'tls://a'], '--cluster: "ä" is not a name of 1 to 32 letters, digits, "_" and "-"'],
  [['--cluster', 'dev', '--member', 'self', ...MEMBER.slice(4)], '--member: "self" is not a name of 1 to 32 letters, digits, "_" and "-", other than "self"'],
  [[...MEMBER, '--nats', 'nats://127.0.0.1:4222'], '--nats: nats://127.0.0.1:4222 is given twice'],
  [[...MEMBER, '--nats', 'http://127.0.0.1'], '--nats: "http://127.0.0.1" is not the URL of a NATS server, as tls://HOST:4222 or nats://HOST:4222'],
  [[...MEMBER, '--cluster-balance', 'near'], '--cluster-balance: "near" is not one of all, local'],
] as const) {
  test(`${args.join(' ')} is refused`, () => {
    const { code, stderr } = run('--check-config', ...args);
    assert.deepEqual([code, stderr], [2, `opensrf-chopchop: ${problem}\n`]);
  });
}

test('--cluster=no is no switch, but a name', () => {
  const { stdout } = run('--check-config', '--cluster', 'no', ...MEMBER.slice(2));
  assert.equal(JSON.parse(stdout).cluster.name, 'no');
});

function fileWith(t: TestContext, content: string, mode = 0o600): string {
  const file = join(temporaryFolder(t), 'nats.creds');
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

const SEED = `SU${'A'.repeat(56)}`;
const CREDS = `-----BEGIN NATS USER JWT-----\nx.y.z\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${SEED}\n------END USER NKEY SEED------\n`;

test('--check-config reads the credentials, and shows the file but never its content', (t) => {
  for (const content of ['dev:pa55 word:\n', `${SEED}\n`, CREDS]) {
    const file = fileWith(t, content);
    const { code, stdout, stderr } = run('--check-config', ...MEMBER, '--nats-credentials', file);
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual([JSON.parse(stdout).cluster.credentialsFile, JSON.parse(stdout).warnings], [file, []]);
    assert.doesNotMatch(stdout, /pa55|AAAA/);
  }
});

test('credentials that other users can read cause a warning', (t) => {
  const file = fileWith(t, 'dev:pa55word', 0o644);
  const { stdout } = run('--check-config', ...MEMBER, '--nats-credentials', file);
  assert.deepEqual(JSON.parse(stdout).warnings, [`--nats-credentials: every user of this machine can use ${file}: chmod 600`]);
});

test('files that cannot be read or used are refused', (t) => {
  const absent = run('--check-config', ...MEMBER, '--nats-credentials', '/nowhere/creds');
  assert.deepEqual(
    [absent.code, absent.stderr.split(',')[0]],
    [4, 'opensrf-chopchop: --nats-credentials: cannot read /nowhere/creds: ENOENT: no such file or directory'],
  );
  for (const content of ['', 'token', 'SAA', 'a:b\nc:d', 'a:\n', '-----BEGIN NATS USER JWT-----\n']) {
    const file = fileWith(t, content);
    const { code, stderr } = run('--check-config', ...MEMBER, '--nats-credentials', file);
    assert.deepEqual([code, stderr.startsWith(`opensrf-chopchop: --nats-credentials: ${file} has neither NATS credentials`)], [2, true], content);
  }
  const file = fileWith(t, 'no certificate');
  const authorities = run('--check-config', '--cluster', 'dev', '--member', 'a', '--nats', 'tls://a', '--nats-ca', file);
  assert.deepEqual([authorities.code, authorities.stderr], [2, `opensrf-chopchop: --nats-ca: ${file} has no certificate in PEM\n`]);
});

test('<chopchop> and the environment have the same settings', (t) => {
  const file = join(temporaryFolder(t), 'core.xml');
  const section = '<opensrf><domain>localhost</domain><username>a</username><passwd>p</passwd></opensrf>';
  const cluster = '<cluster>dev</cluster><member>a</member><nats>tls://10.0.0.1:4222 tls://10.0.0.2:4222</nats><cluster_balance>local</cluster_balance>';
  writeFileSync(file, `<config>${section}<chopchop>${cluster}<cluster_required/></chopchop></config>`);
  const { stdout, stderr } = run('--check-config', '--config', file, '--member', 'b');
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout).cluster, {
    name: 'dev',
    member: 'b',
    nats: ['tls://10.0.0.1:4222', 'tls://10.0.0.2:4222'],
    credentialsFile: '',
    caFile: '',
    balance: 'local',
    required: true,
  });
});
