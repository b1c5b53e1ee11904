import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { oneLine, run, type Serving, serve, stop, temporaryFolder, written } from './support/command.ts';
import { header, Peer } from './support/peer.ts';

const C_LINE = /^chopchop \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[(ERR |WARN|INFO|DEBG|INT ):\d+:[\w-]+:\d+:[^\]]*\] .+$/;

async function login(t: TestContext, { ready }: Serving, resource: string): Promise<Peer> {
  return (await Peer.connect(t, ready.c2s[0])).login('opensrf', 'private.localhost', resource);
}

test("a log file has lines in OpenSRF's format, and is appended to", async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'chopchop.log');
  for (const resource of ['first', 'second']) {
    const server = await serve(t, folder, '--log-file', log);
    await login(t, server, resource);
    assert.equal(await stop(server), 0);
    assert.equal(server.output() + server.errors(), '', 'nothing on standard output');
  }
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  for (const line of lines) assert.match(line, C_LINE);
  assert.equal(lines.filter((line) => line.includes(':server:0:] listening ')).length, 2);
  assert.ok(lines.some((line) => /:sessions:0:\] session bound jid=opensrf@private\.localhost\/second /.test(line)));
});

test('--log-format json and pretty go to a file too, without colours', async (t) => {
  const folder = temporaryFolder(t);
  for (const format of ['json', 'pretty']) await stop(await serve(t, folder, '--log-file', join(folder, format), '--log-format', format));
  const [first] = readFileSync(join(folder, 'json'), 'utf8').split('\n');
  assert.equal(JSON.parse(first as string).msg, 'listening');
  assert.match(readFileSync(join(folder, 'pretty'), 'utf8'), /^\[\d\d:\d\d:\d\d\] INFO: listening \{/);
});

test('the server writes on after the log file was renamed, removed or truncated, without a signal', async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'log');
  const server = await serve(t, folder, '--log-file', log);
  await login(t, server, 'before');
  await written(t, folder, 'log', '/before ');

  renameSync(log, `${log}.1`);
  await login(t, server, 'renamed');
  await written(t, folder, 'log', '/renamed ');
  assert.doesNotMatch(readFileSync(`${log}.1`, 'utf8'), /renamed/);
  assert.doesNotMatch(readFileSync(log, 'utf8'), /before/);

  // copytruncate: a writer that kept its place would leave a hole of zeros.
  copyFileSync(log, `${log}.2`);
  truncateSync(log);
  await login(t, server, 'truncated');
  await written(t, folder, 'log', '/truncated ');
  assert.match(readFileSync(log, 'utf8'), /^chopchop [^\n]+\/truncated [^\n]+\n$/);

  rmSync(log);
  await login(t, server, 'removed');
  await written(t, folder, 'log', '/removed ');
  await stop(server);
});

test('SIGUSR1 and SIGUSR2 end nothing and open no debugger', async (t) => {
  const folder = temporaryFolder(t);
  const server = await serve(t, folder, '--log-file', join(folder, 'log'));
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    server.child.kill(signal);
    await written(t, folder, 'log', `signal=${signal}`);
  }
  await login(t, server, 'alive');
  assert.equal(await stop(server), 0);
  assert.equal(server.errors(), '', 'no "Debugger listening"');
});

test('the server continues while a log file cannot be written; then the log has the number of missing lines', async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'log');
  const server = await serve(t, folder, '--log-file', log);
  renameSync(log, `${log}.1`);
  mkdirSync(log);
  for (const resource of ['lost1', 'lost2']) await login(t, server, resource);
  rmdirSync(log);
  await login(t, server, 'back');
  await written(t, folder, 'log', '/back ');
  assert.match(readFileSync(log, 'utf8'), /\[WARN:\d+:server:0:\] log lines were lost lost=2\n/);
  await stop(server);
  assert.match(oneLine(server.errors()), /cannot write the log: EISDIR.*; lines are lost until this is fixed/);
});

for (const [what, args, code, says] of [
  ['a log file in a folder that is not there', ['--log-file', '/nonexistent/log'], 4, /cannot write the log file \/nonexistent\/log: ENOENT/],
  ['a log file and syslog', ['--log-file', 'log', '--syslog'], 2, /--log-file and --syslog exclude each other/],
  ['a facility OpenSRF does not know', ['--syslog', 'local8'], 2, /--syslog: "local8" is not one of local0, .*local7/],
  ['a tag that would break a line', ['--log-tag', 'a b'], 2, /--log-tag: "a b" is not a tag of letters/],
] as const) {
  test(`${what} is one clear line and exit code ${code}`, () => {
    const outcome = run('--port', '0', ...args);
    assert.equal(outcome.code, code);
    assert.match(oneLine(outcome.stderr), says);
  });
}

test('a server with another log destination logs the failure of its start there too', async (t) => {
  const folder = temporaryFolder(t);
  const log = join(folder, 'log');
  assert.equal(run('--host', '192.0.2.1', '--port', '0', '--insecure', '--log-file', log).code, 3);
  assert.match(readFileSync(log, 'utf8'), /\[ERR :\d+:server:0:\] did not start reason="cannot listen on 192\.0\.2\.1/);
});

/** Logs in with passwords in every way there is, right and wrong, in order and out of it. */
async function tryPasswords(t: TestContext, { ready }: Serving, right: string, wrong: string): Promise<string[]> {
  const secrets = [right, wrong];
  const [address] = ready.c2s;
  await (await Peer.connect(t, address)).login('me', 'localhost', 'digest', right);
  for (const password of [right, wrong]) {
    const base64 = Buffer.from(`\0me\0${password}`).toString('base64');
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${base64}</auth>`;
    const iqAuth = (content: string) => `<iq type='set' id='1'><query xmlns='jabber:iq:auth'>${content}<resource>r</resource></query></iq>`;
    const digest = createHash('sha1').update(`id${password}`).digest('hex');
    secrets.push(base64, digest);
    for (const [version, xml] of [
      ['', iqAuth(`<username>me</username><password>${password}</password>`)],
      ['', iqAuth(`<username>me</username><digest>${digest}</digest>`)],
      [" version='1.0'", auth],
      [" version='1.0'", auth.replace('PLAIN', 'X')],
      ['', auth],
      // Malformed XML, or input that comes too early: the error must not quote it.
      ['', iqAuth(`<username>me</username><password>&${password};</password>`)],
      ['', iqAuth(`<username>me</username><password>${password}</passwort>`)],
      ['', iqAuth(`<username>me</username><${password} ${password}='1' ${password}='2'/>`)],
      ['', iqAuth(`<username>me</username><password>a<${password}</password>`)],
      ['', iqAuth(`<username>me</username><password>a<${password}></password>`)],
      ['', iqAuth(`<username>me</username><password>a<${password}:x></password>`)],
      ['', `<message to='${password}'><body>${password}</body></message>`],
      ['', password],
    ] as const) {
      const peer = await Peer.connect(t, address);
      peer.send(`${header('localhost', version)}${xml}</stream:stream>`);
      await peer.closed();
    }
  }
  return secrets;
}

for (const format of ['json', 'pretty', 'opensrf']) {
  test(`no output of the server contains a password, at the lowest level: ${format}`, async (t) => {
    const folder = temporaryFolder(t);
    const right = 'Sesam0effneDich';
    const server = await serve(t, folder, '--log-level', 'trace', '--log-format', format, '--domain', 'localhost', '--user', `me:${right}`);
    const secrets = await tryPasswords(t, server, right, 'Falsch3sWort');
    const shown = existsSync('/proc/self/cmdline') ? readFileSync(`/proc/${server.child.pid}/cmdline`, 'utf8') : '';
    const files = readFileSync(join(folder, 'ready.json'), 'utf8');
    await stop(server);
    assert.match(server.output(), /login refused/);
    assert.match(server.output(), /session bound/);
    const everything = server.output() + server.errors() + shown + files;
    for (const secret of secrets) assert.equal(everything.includes(secret), false, everything.replaceAll('\0', ' '));
  });
}

for (const [format, count] of [
  [
    'json',
    (output: string) =>
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)).length,
  ],
  [
    'opensrf',
    (output: string) =>
      output
        .trimEnd()
        .split('\n')
        .filter((line) => assert.match(line, C_LINE) === undefined).length,
  ],
] as const) {
  test(`a JID, a class or a transaction id cannot break a line: ${format}`, async (t) => {
    const server = await serve(t, temporaryFolder(t), '--log-format', format);
    const peer = await login(t, server, 'a\u202eb');
    peer.send(
      `<message to='router@private.localhost/router'><opensrf router_command='register' router_class='x&#xA;y&#xD;z]' osrf_xid='1&#xA;2] [ERR '/><body/></message>`,
    );
    peer.send(
      `<message to='router@private.localhost/router'><opensrf router_command='nosuch&#xA;' router_class='${'x'.repeat(100_000)}' osrf_xid='7'/><body/></message>`,
    );
    peer.send("<iq type='get' id='read' to='private.localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    await peer.expect("id='read'");
    await stop(server);
    assert.match(server.output(), /refused a router command/);
    assert.ok(count(server.output()) >= 5);
    assert.ok(
      Math.max(
        ...server
          .output()
          .split('\n')
          .map(({ length }) => length),
      ) < 2_000,
      'a long class is cut',
    );
  });
}

test('a hundred refused logins leave a few lines and their number', async (t) => {
  const server = await serve(t, temporaryFolder(t), '--limit', 'failedLogins=1000');
  for (let n = 0; n < 40; n++) {
    const peer = await Peer.connect(t, server.ready.c2s[0]);
    const wrong = "<iq type='set' id='1'><query xmlns='jabber:iq:auth'><username>a</username><password>b</password><resource>c</resource></query></iq>";
    peer.send(`${header('localhost')}${wrong.repeat(3)}`);
    await peer.closed();
  }
  await stop(server);
  const lines = server
    .output()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const refused = lines.filter(({ msg }) => msg === 'login refused').length;
  const suppressed = lines.filter(({ kind }) => kind === 'login refused').reduce((sum, line) => sum + line.suppressed, 0);
  assert.equal(refused + suppressed, 120);
  assert.ok(refused <= 50, `${refused} lines`);
});

test('a closed standard output does not end the server', async (t) => {
  const folder = temporaryFolder(t);
  const server = await serve(t, folder);
  server.child.stdout?.destroy();
  await once(server.child.stdout as NodeJS.ReadableStream, 'close');
  for (const resource of ['a', 'b', 'c']) await login(t, server, resource);
  assert.equal(await stop(server), 0);
});

for (const [what, mistake] of [
  ['an exception', "throw new Error('uncaught')"],
  ['a rejection', "Promise.reject(new Error('uncaught'))"],
] as const) {
  test(`after an uncaught error (${what}) the log has it, sessions are closed, files removed, and the exit code is 1`, async (t) => {
    const folder = temporaryFolder(t);
    // The server has no such mistake at hand, so that one is put into its process.
    const before = process.env['NODE_OPTIONS'];
    process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGWINCH', () => { ${mistake}; })`)}`;
    const server = await serve(t, folder, '--log-file', join(folder, 'log'), '--pid-file', join(folder, 'pid'));
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    const peer = await login(t, server, 'witness');
    server.child.kill('SIGWINCH');
    const [[code]] = await Promise.all([once(server.child, 'close'), peer.closed()]);
    assert.equal(code, 1);
    assert.match(peer.received, /<stream:error><system-shutdown .*<\/stream:stream>$/);
    const log = readFileSync(join(folder, 'log'), 'utf8');
    assert.match(
      log,
      /\[ERR :\d+:server:0:\] the server crashed err="Error: uncaught\\n {4}at [^\n]+\n[\s\S]*session ended jid=\S+\/witness reason=server-stopped/,
    );
    assert.doesNotMatch(log, /did not start/);
    assert.match(server.errors(), /^opensrf-chopchop: Error: uncaught\n {4}at /);
    assert.deepEqual([existsSync(join(folder, 'pid')), existsSync(join(folder, 'ready.json'))], [false, false]);
  });
}
