import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT } from '../server/kernel/exit-codes.ts';
import { Syslog } from '../server/logging/syslog.ts';
import { oneLine, run, serve, stop, temporaryFolder } from './support/command.ts';
import { header, Peer } from './support/peer.ts';
import { NO_SYSLOG, SyslogDaemon } from './support/syslog-daemon.ts';

const WARN = 40;

test("syslog gets a datagram for each line, with facility, severity, program and OpenSRF's bracket", { skip: NO_SYSLOG }, async (t) => {
  const folder = temporaryFolder(t);
  const socket = join(folder, 'log');
  const daemon = await SyslogDaemon.start(t, socket);
  const server = await serve(t, folder, '--syslog', 'local2', '--syslog-socket', socket, '--log-tag', 'north', '--domain', 'localhost');
  const peer = await Peer.connect(t, server.ready.c2s[0]);
  const login = '<username>a</username><password>b</password><resource>c</resource>';
  peer.send(`${header('localhost')}<iq type='set' id='1'><query xmlns='jabber:iq:auth'>${login}</query></iq></stream:stream>`);
  await peer.closed();
  await stop(server);
  await daemon.received('stopped');
  const { pid } = server.child;
  // RFC 3164, local2: 18 * 8 + severity.
  const line = (severity: number, text: string) => new RegExp(`^<${18 * 8 + severity}>\\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d chopchop/north: ${text}`);
  assert.equal(daemon.datagrams.length, 4);
  assert.match(daemon.datagrams[0] ?? '', line(6, `\\[INFO:${pid}:server:0:\\] listening `));
  assert.match(daemon.datagrams[1] ?? '', line(4, `\\[WARN:${pid}:c2s:0:\\] login refused `));
  assert.match(daemon.datagrams[2] ?? '', line(6, `\\[INFO:${pid}:server:0:\\] stopping signal=SIGTERM$`));
  assert.match(daemon.datagrams[3] ?? '', line(6, `\\[INFO:${pid}:server:0:\\] stopped$`));
  assert.equal(server.output() + server.errors(), '');
});

test('a line too long for a datagram comes in one piece, cut', { skip: NO_SYSLOG }, async (t) => {
  const socket = join(temporaryFolder(t), 'log');
  const daemon = await SyslogDaemon.start(t, socket);
  const syslog = new Syslog({ facility: 'local0', socket, name: 'chopchop' });
  t.after(() => syslog.close());
  syslog.write(WARN, '\u{1f431}'.repeat(1_535));
  await syslog.close();
  await daemon.received('\u{1f431}');
  assert.deepEqual(
    daemon.datagrams.map((datagram) => [...datagram.slice(datagram.indexOf('chopchop: '))].length),
    ['chopchop: '.length + 1_535],
  );
});

test('a syslog daemon that was restarted with another socket is found again', { skip: NO_SYSLOG }, async (t) => {
  const socket = join(temporaryFolder(t), 'log');
  const first = await SyslogDaemon.start(t, socket);
  let now = 0;
  const syslog = new Syslog({ facility: 'local0', socket, name: 'chopchop' }, () => now);
  t.after(() => syslog.close());
  assert.equal(syslog.write(WARN, 'before'), null);
  await first.received('before');
  await first.kill();
  // While the daemon is down, the first line ends logger, and the next one is refused.
  let problem: string | null = null;
  while (problem === null) {
    problem = syslog.write(WARN, 'into the void');
    await new Promise(setImmediate);
  }
  assert.match(problem, /the syslog daemon at .*log does not answer/);
  const second = await SyslogDaemon.start(t, socket);
  assert.match(syslog.write(WARN, 'too early') ?? '', /does not answer/, 'logger is not started anew for each line');
  now += 1_000;
  assert.equal(syslog.write(WARN, 'after'), null);
  await second.received('after');
  await syslog.close();
});

for (const [what, args, says] of [
  [
    'no syslog daemon',
    ['--syslog', '--syslog-socket', '/nonexistent/log'],
    /cannot reach the syslog daemon at \/nonexistent\/log \(logger: .*\); see --syslog-socket, or use --log-file/,
  ],
  ['what is no socket', ['--syslog', '--syslog-socket', '/dev/null'], /cannot reach the syslog daemon at \/dev\/null/],
] as const) {
  test(`${what} is one clear line and exit code ${EXIT.file}`, { skip: NO_SYSLOG }, () => {
    const { code, stderr } = run('--port', '0', ...args);
    assert.equal(code, EXIT.file);
    assert.match(oneLine(stderr), says);
  });
}

test('without the program logger, --syslog fails with a clear message', (t) => {
  const { PATH } = process.env;
  t.after(() => {
    process.env['PATH'] = PATH;
  });
  process.env['PATH'] = '/nonexistent';
  const { code, stderr } = run('--port', '0', '--syslog');
  assert.equal(code, EXIT.file);
  assert.match(oneLine(stderr), /cannot run the program "logger" of util-linux \(.*ENOENT\); install it, or use --log-file/);
});
