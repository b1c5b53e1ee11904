import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MAIN, oneLine, readReady, run, serve, stop, temporaryFolder, until } from './support/command.ts';
import { header, Peer } from './support/peer.ts';
import { endWith, kill } from './support/processes.ts';

const noProc = !existsSync('/proc/self/stat') && 'no /proc here';

interface Daemon {
  readonly folder: string;
  readonly pid: number;
  readonly address: { readonly host: string; readonly port: number };
}

/** Starts a daemon the way a person does; it is gone when the test ends. */
function startDaemon(t: TestContext, ...args: string[]): Daemon {
  const folder = temporaryFolder(t);
  const files = ['--pid-file', join(folder, 'pid'), '--ready-file', join(folder, 'ready.json'), '--log-file', join(folder, 'log')];
  const { code, stdout, stderr } = run('--daemon', '--port', '0', ...files, ...args);
  assert.equal(code, 0, stderr);
  // Both are there when the command has returned.
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  t.after(() => kill(pid));
  assert.equal(stdout, `opensrf-chopchop runs as process ${pid}\n`);
  assert.equal(stderr, '');
  return { folder, pid, address: readReady(folder).c2s[0] };
}

test('--daemon returns when logins work; the pid in the pid file is the one that serves, and SIGTERM ends it in order', async (t) => {
  const { folder, pid, address } = startDaemon(t);
  const peer = await (await Peer.connect(t, address)).login('opensrf', 'localhost', 'r');
  assert.equal(readReady(folder).pid, pid);
  process.kill(pid, 'SIGTERM');
  assert.match(await peer.closed(), /<system-shutdown /);
  await until(t, folder, () => !existsSync(join(folder, 'pid')) && !existsSync(join(folder, 'ready.json')));
  const log = readFileSync(join(folder, 'log'), 'utf8');
  assert.match(log, new RegExp(`\\[INFO:${pid}:server:0:\\] listening `));
  assert.match(log, /stopping signal=SIGTERM\n/);
});

test('a daemon has a session of its own, none of the standard streams, and no argument in ps', { skip: noProc }, (t) => {
  const { pid } = startDaemon(t, '--user', 'me:secret');
  const [, , session] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) \S /s, '')
    .split(' ');
  assert.equal(Number(session), pid);
  assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /^opensrf-chopchop\0*$/);
});

test('the output of --daemon ends: the daemon does not keep it open', async (t) => {
  const folder = temporaryFolder(t);
  const args = [MAIN, '--daemon', '--port', '0', '--pid-file', join(folder, 'pid')];
  const child = endWith(t, spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
  let errors = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  // 'close' comes when both pipes have ended, which a daemon that had inherited them would prevent.
  const [code] = await once(child, 'close');
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  t.after(() => kill(pid));
  assert.equal(code, 0);
  process.kill(pid, 0);
  assert.match(oneLine(errors), /nothing is logged: --daemon without --log-file or --syslog/);
});

test('a daemon that does not start leaves its own words and exit code', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const folder = temporaryFolder(t);
  for (const [args, code, says] of [
    [['--port', String(port)], 3, /cannot listen on 127\.0\.0\.1:\d+: port \d+ is in use by /],
    [['--port', '70000'], 2, /--port: "70000" is not a port number/],
    [['--port', '0', '--log-file', '/nonexistent/log'], 4, /cannot write the log file/],
    [['--port', '0', '--pid-file', '/nonexistent/pid'], 4, /cannot write \/nonexistent\/pid/],
  ] as const) {
    const logFile = (args as readonly string[]).includes('--log-file') ? [] : ['--log-file', join(folder, 'log')];
    const outcome = run('--daemon', ...logFile, ...args);
    assert.deepEqual([outcome.code, outcome.stdout], [code, '']);
    assert.match(oneLine(outcome.stderr), says);
  }
});

test('Ctrl-C while a daemon starts ends it too', { skip: noProc }, async (t) => {
  const folder = temporaryFolder(t);
  // A configuration in a pipe without a writer holds the daemon up before it is ready.
  const fifo = join(folder, 'core.xml');
  spawnSync('mkfifo', [fifo]);
  const child = endWith(t, spawn(process.execPath, [MAIN, '--daemon', '--port', '0', '--config', fifo], { stdio: ['ignore', 'ignore', 'pipe'] }));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const grandchild = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  while (grandchild() === '') await new Promise(setImmediate);
  const pid = Number(grandchild());
  t.after(() => kill(pid));
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(oneLine(errors), /the server did not start: it was ended by SIGINT/);
  assert.equal(existsSync(`/proc/${pid}`), false);
});

test('a second server with the same pid file is refused, and the first one keeps it', async (t) => {
  const { folder, pid } = startDaemon(t);
  for (const daemon of [['--daemon'], []]) {
    const { code, stderr } = run(...daemon, '--port', '0', '--pid-file', join(folder, 'pid'));
    assert.equal(code, 8);
    assert.match(oneLine(stderr), new RegExp(`already running as process ${pid} according to .*pid; stop it first, or choose another --pid-file`));
  }
  assert.equal(readFileSync(join(folder, 'pid'), 'utf8'), `${pid}\n`);
});

test('after a server was killed the next one replaces its pid file, with a log line', async (t) => {
  const folder = temporaryFolder(t);
  const pidFile = join(folder, 'pid');
  const first = await serve(t, folder, '--pid-file', pidFile);
  first.child.kill('SIGKILL');
  await once(first.child, 'close');
  assert.equal(readFileSync(pidFile, 'utf8'), `${first.child.pid}\n`);
  const { code, stderr } = run('--daemon', '--port', '0', '--pid-file', pidFile, '--log-file', join(folder, 'log'));
  assert.equal(code, 0, stderr);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  t.after(() => kill(pid));
  assert.notEqual(pid, first.child.pid);
  assert.match(
    readFileSync(join(folder, 'log'), 'utf8'),
    new RegExp(`\\[WARN:.* replaced a stale pid file file=${pidFile} reason="process ${first.child.pid} does not exist"\n`),
  );
});

test('the pid file is there until the process ends', async (t) => {
  const { folder, pid, address } = startDaemon(t);
  // A peer that closes only its own side keeps the server from its end.
  const socket = connect({ ...address, allowHalfOpen: true });
  t.after(() => void socket.destroy());
  socket.write(header('localhost'));
  await once(socket, 'data');
  process.kill(pid, 'SIGTERM');
  await once(socket, 'data');
  assert.equal(readFileSync(join(folder, 'pid'), 'utf8'), `${pid}\n`);
  socket.destroy();
  await until(t, folder, () => !existsSync(join(folder, 'pid')));
  assert.match(readFileSync(join(folder, 'log'), 'utf8'), /\] stopped\n$/);
});

test('a server that ends leaves the files of another alone', async (t) => {
  const folder = temporaryFolder(t);
  const server = await serve(t, folder, '--pid-file', join(folder, 'pid'));
  writeFileSync(join(folder, 'pid'), '1\n');
  writeFileSync(join(folder, 'ready.json'), '{}');
  assert.equal(await stop(server), 0);
  assert.equal(readFileSync(join(folder, 'pid'), 'utf8'), '1\n');
  assert.equal(readFileSync(join(folder, 'ready.json'), 'utf8'), '{}');
});

test('a daemon has its control interface on a socket beside its control file, unless the user has none of it', (t) => {
  const file = join(temporaryFolder(t), 'control.json');
  const { pid } = startDaemon(t, '--control-file', file);
  const { socket, url } = JSON.parse(readFileSync(file, 'utf8')) as { socket: string; url: string | null };
  assert.deepEqual([socket, url], [join(file, '..', `${pid}.sock`), null]);
  const { code, stdout, stderr } = run('top', '--once', '--json', '--control-file', file);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^[[{]/);
  const refused = run('--daemon', '--port', '0', '--no-console', '--control-file', file, '--check-config');
  assert.match(refused.stderr, /--control-file: there is no control interface/);
});
