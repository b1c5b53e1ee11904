import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { OsrfClient } from '../server/osrf/client.ts';
import { Command } from './support/background-command.ts';
import { appeared, MAIN, oneLine, readReady, run, serve, temporaryFolder } from './support/command.ts';
import { startMath } from './support/control.ts';
import { registration } from './support/osrf.ts';
import { header, Peer } from './support/peer.ts';
import { endWith } from './support/processes.ts';

test('the demo shows every step with real JIDs and exits with 0', () => {
  const { code, stdout, stderr } = run('demo');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /router_from=opensrf@localhost\/demo_client_\d+/);
  assert.match(stdout, /worker {3}opensrf@localhost\/opensrf\.math_drone_at_localhost_1_\w+ answers the client: 42\. The router was not involved/);
  assert.match(stdout, /\n6 .* div\(1, 0\)\n {3}worker .* answers the client with an error: 500 .*Illegal division by zero/);
  assert.match(stdout, /All steps succeeded\.\n$/);
});

test('the demo plays on a server that runs, unless its service is there already', async (t) => {
  const serving = await serve(t, temporaryFolder(t));
  const [{ port }] = serving.ready.c2s;
  const { code, stdout, stderr } = run('demo', '--port', String(port));
  assert.equal(code, 0, stderr);
  assert.match(stdout, new RegExp(`^1 {2}server {3}runs at 127\\.0\\.0\\.1:${port} and serves private\\.localhost\n`));
  assert.match(stdout, /All steps succeeded\.\n$/);
  await startMath(t, { address: serving.ready.c2s[0] }, 1);
  const twice = run('demo', '--port', String(port));
  assert.equal(twice.code, 1);
  assert.match(oneLine(twice.stderr), /opensrf\.math is already registered at private\.localhost/);
  const nobody = run('demo', '--port', '1');
  assert.equal(nobody.code, 3);
  assert.match(oneLine(nobody.stderr), /see --host and --port/);
});

test('a demo that stays has a console, and goes on asking until a signal ends it', async (t) => {
  const demo = new Command(t, 'demo', '--stay');
  await demo.printed('Ctrl-C ends it');
  const [, url, token] = /The console at (\S+)\/#token=(\S+) shows it: Connections has the client/.exec(demo.output()) as RegExpExecArray;
  const events = await fetch(`${url}/api/v1/events`, { headers: { Authorization: `Bearer ${token}` } });
  let seen = '';
  for await (const chunk of events.body as ReadableStream<Uint8Array>) {
    seen += Buffer.from(chunk).toString();
    if (seen.includes('"method":"add"')) break;
  }
  demo.kill('SIGINT');
  const { code, stderr } = await demo.outcome();
  assert.deepEqual([code, stderr], [0, '']);
});

test('--version says the version of package.json, and the commit', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const [, shown, commit] = /^(\S+) \(commit (\S+), sources\)\n$/.exec(run('--version').stdout) ?? [];
  assert.equal(shown, version);
  // Git may not know it: of a copy of the sources, say.
  assert.match(commit as string, /^(?:[0-9a-f]{10}\+?|unknown)$/);
});

test('--help is short: the commands, the options that most people need, examples on a line each', () => {
  const { code, stdout } = run('--help');
  assert.equal(code, 0);
  assert.ok(stdout.split('\n').length < 75, 'a page or so');
  for (const expected of [/^ {2}why \[xid\]/m, /^ {2}--daemon/m, /^ {2}opensrf-chopchop --config \/openils\/conf\/opensrf_core\.xml$/m])
    assert.match(stdout, expected);
  assert.doesNotMatch(stdout, /--on-listener-loss/);
  assert.equal(run('help').stdout, stdout);
  for (const args of [
    ['--port=5222', '--help'],
    ['--daemon', '-h'],
    ['help', 'serve'],
  ])
    assert.match(run(...args).stdout, /--on-listener-loss/, args.join(' '));
});

test('help tells of an option its default, its other names, and whether SIGHUP applies it', () => {
  assert.match(
    run('help', '--balance').stdout,
    /^--balance\n {2}Choose .*\n {2}Value: round-robin, least-outstanding\n {2}Default: round-robin\n.* OPENSRF_CHOPCHOP_BALANCE\n.*<balance>\n/,
  );
  assert.match(run('help', 'limits').stdout, /^LIMIT/);
  assert.match(run('help', 'why').stdout, /^opensrf-chopchop why \[xid\]\n[\s\S]*\n {2}opensrf-chopchop why last\n/);
  const unknown = run('help', 'blance');
  assert.deepEqual([unknown.code, unknown.stderr], [2, 'opensrf-chopchop: help: there is no command or option blance; did you mean balance?\n']);
});

test('serve --help shows options with defaults, examples and exit codes', () => {
  const { code, stdout } = run('serve', '--help');
  assert.equal(code, 0);
  for (const expected of [/--on-listener-loss/, /default: 5222/, /Examples:/, /Exit codes:/]) assert.match(stdout, expected);
});

for (const [what, args, says] of [
  ['an unknown option', ['--prot', '1'], /unknown option --prot; did you mean --port\?/],
  ['an unknown command', ['server'], /unknown command server; did you mean serve\?/],
  ['a port out of range', ['--port', '70000'], /--port: "70000" is not a port number from 0 to 65535/],
  ['a port that is no number', ['--port', 'five'], /--port: "five" is not a port number from 0 to 65535/],
  ['a user without a password', ['--user', 'opensrf'], /--user: "opensrf" is not an account as NAME:PASSWORD\[@DOMAIN\]/],
  ['a user of a domain that is not served', ['--user', 'a:b@nowhere'], /--user: a: the text after the last "@" is not a served domain \(private\.localhost/],
  ['a domain that is none', ['--domain', 'a b'], /--domain: "a b" is not a domain/],
  ['a choice that is none', ['--balance', 'random'], /--balance: "random" is not one of round-robin, least-outstanding/],
  ['settings without a file', ['--with-settings', '--port', '0'], /--with-settings: needs the name of a file/],
  ['a domain of settings without settings', ['--settings-domain', 'localhost'], /--settings-domain: there are no settings/],
  ['a domain of settings that is not served', ['--with-settings', 'x', '--settings-domain', 'nowhere'], /--settings-domain: nowhere is not a served domain/],
  ['an option that is not repeatable', ['--port', '1', '--port', '2'], /--port: is given more than once/],
  ['a peer that is not served', ['--peer-router', 'nowhere'], /--peer-router: nowhere is not a served domain/],
] as const) {
  test(`${what} is refused with a clear message and exit code 2`, () => {
    const { code, stderr } = run(...args);
    assert.equal(code, 2);
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
}

const noProc = !existsSync('/proc/self/fd');

test('a port in use is one clear line and exit code 3', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  const { code, stderr } = run('--port', String(port));
  assert.equal(code, 3);
  assert.match(
    oneLine(stderr),
    new RegExp(`cannot listen on 127\\.0\\.0\\.1:${port}: port ${port} is in use by ${noProc ? 'another program' : `PID ${process.pid} \\(node\\)`}; stop it`),
  );
});

test('an address this machine does not have is one clear line and exit code 3', () => {
  const { code, stderr } = run('--host', '192.0.2.1', '--port', '0', '--insecure');
  assert.equal(code, 3);
  assert.match(oneLine(stderr), /192\.0\.2\.1.*does not belong to this machine/);
});

test('a ready file that cannot be written is one clear line and exit code 4', () => {
  const { code, stderr } = run('--port', '0', '--ready-file', '/nonexistent/ready.json');
  assert.equal(code, 4);
  assert.match(oneLine(stderr), /cannot write \/nonexistent\/ready\.json/);
});

test('settings that cannot be read are one clear line and exit code 4', () => {
  const { code, stdout, stderr } = run('--port', '0', '--with-settings', '/nonexistent/opensrf.xml');
  assert.deepEqual([code, stdout], [4, '']);
  assert.match(oneLine(stderr), /\/nonexistent\/opensrf\.xml: cannot be read: ENOENT/);
});

test('settings with wrong content are one clear line with the place, and exit code 2', (t) => {
  const file = join(temporaryFolder(t), 'opensrf.xml');
  writeFileSync(file, '<opensrf>\n<default>\n</opensrf>\n');
  const { code, stdout, stderr } = run('--port', '0', '--with-settings', file);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(oneLine(stderr), /opensrf\.xml:3: unexpected close tag: <default> of line 2 is open/);
});

test('serve answers for opensrf.settings as soon as it is ready, and SIGTERM ends it in order', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'opensrf.xml');
  writeFileSync(file, '<opensrf><default><a>1</a></default></opensrf>');
  const { child, ready } = await serve(t, folder, '--with-settings', file, '--settings-domain', 'localhost', '--log-level', 'silent');
  const [address] = ready.c2s as [{ host: string; port: number }];
  const client = await OsrfClient.connect({ ...address, domain: 'localhost', username: 'opensrf', password: 'password', resource: 'client' });
  const { results } = await client.request('opensrf.settings', 'opensrf.settings.host_config.get', 'localhost').answer;
  assert.deepEqual(results, [{ a: 1 }]);
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});

test('serve is ready when the ready file is there, logs JSON to a pipe, and SIGTERM ends it in order', async (t) => {
  const folder = temporaryFolder(t);
  const { child, ready, output } = await serve(t, folder, '--pid-file', join(folder, 'pid'), '--user', 'me:secret', '--domain', 'localhost');
  assert.equal(ready.pid, child.pid);
  assert.deepEqual(ready.domains, ['localhost']);
  assert.equal(readFileSync(join(folder, 'pid'), 'utf8'), `${child.pid}\n`);
  const [address] = ready.c2s as [{ host: string; port: number }];
  const peer = await (await Peer.connect(t, address)).login('me', 'localhost', 'test', 'secret');
  child.kill('SIGTERM');
  assert.match(await peer.closed(), /<stream:error><system-shutdown .*<\/stream:error><\/stream:stream>$/);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
  assert.equal(existsSync(join(folder, 'ready.json')), false);
  assert.equal(existsSync(join(folder, 'pid')), false);
  const lines = output()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['listening', 'session bound', 'stopping', 'session ended', 'stopped'],
  );
  assert.doesNotMatch(output(), /secret/);
});

test('a repeatable option keeps all its values', async (t) => {
  const domains = ['one.localhost', 'two.localhost'];
  const { ready } = await serve(t, temporaryFolder(t), ...domains.flatMap((domain) => ['--domain', domain]), '--user', 'a:secret', '--user', 'b:secret');
  assert.deepEqual(ready.domains, domains);
  const [address] = ready.c2s as [{ host: string; port: number }];
  for (const name of ['a', 'b']) await (await Peer.connect(t, address)).login(name, 'two.localhost', 'test', 'secret');
});

test('a second signal ends the process at once', async (t) => {
  const { child, ready, output } = await serve(t, temporaryFolder(t));
  const [{ host, port }] = ready.c2s as [{ host: string; port: number }];
  // A peer that never closes its side keeps an orderly stop waiting.
  const stubborn = connect({ host, port, allowHalfOpen: true });
  t.after(() => stubborn.destroy());
  stubborn.write(header('localhost'));
  await once(stubborn, 'data');
  child.kill('SIGTERM');
  while (!output().includes('"stopping"')) await once(child.stdout as NodeJS.ReadableStream, 'data');
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  assert.equal(code, 128 + 15);
});

test('a terminal gets a banner with the lines for opensrf_core.xml, and readable log lines', {
  skip: !existsSync('/usr/bin/script') && 'no script(1) here',
}, async (t) => {
  const folder = temporaryFolder(t);
  const command = `'${process.execPath}' '${MAIN}' --port 0 --ready-file '${join(folder, 'ready.json')}'`;
  const child = endWith(t, spawn('/usr/bin/script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await appeared(t, folder, 'ready.json');
  const { pid, c2s } = readReady(folder);
  process.kill(pid, 'SIGTERM');
  await once(child, 'close');
  assert.ok(output.includes(`listening  ${c2s.map(({ host, port }) => `${host}:${port}`).join('  ')}`), output);
  assert.match(output, new RegExp(`<domain>private\\.localhost</domain> <port>${c2s[0].port}</port> <username>opensrf</username> <passwd>password</passwd>`));
  assert.match(output, /opensrf:password {2}router:password/);
  assert.match(output, /INFO.*listening/);
  assert.doesNotMatch(output, /"level":/);
});

test('drain stops new requests to a service of a running server, and prints the result', async (t) => {
  const { ready } = await serve(t, temporaryFolder(t), '--log-level', 'silent');
  const [address] = ready.c2s as [{ host: string; port: number }];
  const listener = await (await Peer.connect(t, address)).login('opensrf', 'private.localhost', 'listener');
  listener.send(registration('register', 'router@private.localhost/router', '', 'opensrf.math'));
  listener.send("<iq type='get' id='read' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
  await listener.expect("id='read'");
  const port = String(address.port);
  assert.deepEqual(run('drain', 'opensrf.math', '--port', port), {
    code: 0,
    stdout: 'draining 1 listener of opensrf.math: no new requests; those under way may finish\n',
    stderr: '',
  });
  assert.match(run('drain', 'opensrf.math', '--resume', '--port', port).stdout, /^resumed 1 listener of opensrf\.math\n$/);
  const absent = run('drain', 'nosuch', '--port', port);
  assert.equal(absent.code, 7);
  assert.match(oneLine(absent.stderr), /nothing to drain: nosuch is not registered/);
  const wrong = run('drain', 'opensrf.math', '--port', port, '--password', 'wrong');
  assert.equal(wrong.code, 3);
  assert.match(oneLine(wrong.stderr), /cannot log in as router@private\.localhost/);
});

test('drain without a server is one clear line and exit code 3', () => {
  const { code, stderr } = run('drain', 'opensrf.math', '--port', '1');
  assert.equal(code, 3);
  assert.match(oneLine(stderr), /no server at 127\.0\.0\.1:1/);
});

test('drain at a server that is not XMPP prints one clear line and exits with code 3', async (t) => {
  const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
  await once(web, 'listening');
  t.after(() => web.close());
  const { port } = web.address() as AddressInfo;
  const child = endWith(t, spawn(process.execPath, [MAIN, 'drain', 'opensrf.math', '--port', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] }));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 3);
  assert.match(oneLine(stderr), /not a Jabber server/);
});
