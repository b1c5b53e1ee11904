import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run, serve, temporaryFolder } from './support/command.ts';

// --check-config refuses everything that the start refuses, with the same exit code, and writes nothing.

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const SETTINGS = fileURLToPath(new URL('../../test/fixtures/opensrf-xml/minimal.xml', import.meta.url));
const STUBS = fileURLToPath(new URL('../../docs/examples/stubs', import.meta.url));

for (const [args, code, problem] of [
  [['--with-settings', '/nowhere/opensrf.xml'], 4, '--with-settings: /nowhere/opensrf.xml: cannot be read: ENOENT'],
  [['--with-settings', README], 2, `--with-settings: ${README}:1: text before the root element`],
  [['--tls-cert', '/nowhere/cert.pem'], 4, '--tls-cert: TLS: cannot read /nowhere/cert.pem: ENOENT'],
  [['--tls-cert', README], 2, '--tls-cert: TLS: '],
  [['--stubs', '/nowhere'], 4, '/nowhere: cannot be read: ENOENT'],
  [['--replay', '/nowhere'], 4, '/nowhere: cannot be read: ENOENT'],
  [['--fault', '{'], 2, '--fault: {: '],
  [['--record', '/nowhere/record'], 4, '--record: cannot write /nowhere/record: ENOENT'],
  [['--record', '/tmp'], 4, '--record: cannot write /tmp: it is a folder'],
  [['--unix', '/nowhere/socket'], 3, '--unix: cannot listen on /nowhere/socket: the folder does not exist'],
  [['--unix', README], 3, `--unix: cannot listen on ${README}: the path exists and is not a socket`],
  [['--log-file', '/nowhere/log'], 4, '--log-file: cannot write /nowhere/log: ENOENT'],
  [['--syslog', '--syslog-socket', '/nowhere/log'], 4, '--syslog: cannot reach the syslog daemon at /nowhere/log'],
  [['--pid-file', README], 4, `--pid-file: ${README} is not a pid file`],
  [['--ready-file', '/nowhere/ready'], 4, '--ready-file: cannot write /nowhere/ready: ENOENT'],
  [['--config-dir', `${README}/conf`], 4, `--config-dir: cannot make ${README}/conf: `],
  [['--console', '0', '--control-file', '/nowhere/control'], 4, '--control-file: cannot write /nowhere/control: ENOENT'],
  [['--control-socket', '/nowhere/socket'], 3, '--control-socket: cannot listen on /nowhere/socket'],
  [['--host', '192.0.2.1', '--insecure'], 3, '--host: cannot listen on 192.0.2.1:0: the address does not belong to this machine'],
] as const) {
  test(`--check-config and a start refuse ${args.join(' ').replaceAll(README, 'README.md')} with the same exit code`, () => {
    const checked = run('--check-config', ...args);
    assert.ok(checked.stderr.startsWith(`opensrf-chopchop: ${problem}`), checked.stderr);
    assert.deepEqual([checked.code, checked.stdout], [code, '']);
    const started = run('--port', '0', '--log-level', 'silent', ...args);
    assert.equal(started.code, code, started.stderr);
  });
}

test('--check-config reports everything that a start would fail for', (t) => {
  const file = join(temporaryFolder(t), 'core.xml');
  const section = '<opensrf><domain>localhost</domain><username>a</username><passwd>p</passwd></opensrf>';
  writeFileSync(
    file,
    `<config>\n${section}\n<chopchop>\n<record>/nowhere/record</record>\n<with_settings>/nowhere/opensrf.xml</with_settings>\n</chopchop></config>`,
  );
  const { code, stderr } = run('--check-config', '--config', file, '--log-file', '/nowhere/log');
  assert.equal(code, 4);
  assert.deepEqual(
    stderr.split('\n').map((line) => line.replace(file, 'F').split(': ').slice(0, 3).join(': ')),
    ['opensrf-chopchop: F:4: <record>', 'F:5: <with_settings>: /nowhere/opensrf.xml', '--log-file: cannot write /nowhere/log: ENOENT', ''],
  );
});

test('--check-config writes nothing, and works beside a running server of the same configuration', async (t) => {
  const folder = temporaryFolder(t);
  const files = ['pid', 'log', 'record', 'control'].flatMap((name) => [`--${name === 'record' ? name : `${name}-file`}`, join(folder, name)]);
  const args = ['--with-settings', SETTINGS, '--stubs', STUBS, '--unix', join(folder, 'socket'), '--console', '0', ...files];
  const checked = run('--check-config', '--config-dir', join(folder, 'conf'), ...args);
  assert.deepEqual([checked.code, checked.stderr], [0, '']);
  assert.deepEqual(readdirSync(folder), []);
  const { ready } = await serve(t, folder, ...args);
  const again = run('--check-config', '--port', String(ready.c2s[0].port), ...args);
  assert.deepEqual([again.code, again.stderr], [0, '']);
});
