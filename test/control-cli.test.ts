import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OsrfClient } from '../server/osrf/client.ts';
import { Command } from './support/background-command.ts';
import { oneLine, run, type Serving, serve, stop, temporaryFolder } from './support/command.ts';
import { LOGIN, startMath } from './support/control.ts';

const FILE = 'control.json';

async function serveWithControl(t: TestContext, folder: string, ...args: string[]): Promise<Serving & { file: string }> {
  const file = join(folder, FILE);
  return { ...(await serve(t, folder, '--log-level', 'warn', '--control-file', file, ...args)), file };
}

test('--console serves it on a separate port; the files have the address, and only the control file has the token, for its user only', async (t) => {
  const folder = temporaryFolder(t);
  const serving = await serveWithControl(t, folder, '--console', '0');
  const { url, socket, token } = JSON.parse(readFileSync(serving.file, 'utf8'));
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(socket, null);
  assert.equal(statSync(serving.file).mode & 0o777, 0o600);
  const ready = readFileSync(join(folder, 'ready.json'), 'utf8');
  assert.deepEqual(JSON.parse(ready).control, { url, socket, file: serving.file });
  assert.ok(!ready.includes(token));
  const call = (path: string) => fetch(url + path, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await call('/api/v1/server')).status, 200);
  assert.equal(await stop(serving), 0);
  assert.ok(!existsSync(serving.file));
  assert.ok(!serving.output().includes(token) && !serving.errors().includes(token));
});

test('without a terminal the control interface is off by default', async (t) => {
  const folder = temporaryFolder(t);
  const serving = await serve(t, folder);
  assert.equal(JSON.parse(readFileSync(join(folder, 'ready.json'), 'utf8')).control, null);
  assert.equal(await stop(serving), 0);
});

test('the token may come from a file; an invalid one is refused before the server listens', async (t) => {
  const folder = temporaryFolder(t);
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a-token-of-my-own\n');
  const serving = await serveWithControl(t, folder, '--console', '0', '--control-token-file', tokenFile);
  assert.equal(JSON.parse(readFileSync(serving.file, 'utf8')).token, 'a-token-of-my-own');
  await stop(serving);
  writeFileSync(tokenFile, 'short\n');
  const { code, stderr } = run('--port', '0', '--console', '0', '--control-token-file', tokenFile, '--log-level', 'silent');
  assert.equal(code, 2);
  assert.match(oneLine(stderr), /a token must have at least 16 characters/);
  const missing = run('--port', '0', '--console', '0', '--control-token-file', join(folder, 'none'), '--log-level', 'silent');
  assert.equal(missing.code, 4);
  oneLine(missing.stderr);
});

test('contradictory options of the control interface are refused in one line', () => {
  for (const [args, code, text] of [
    [['--console', 'x'], 2, /--console: "x" is not a port number/],
    [['--console', '70000'], 2, /"70000" is not a port number/],
    [['--no-console', '--control-file', 'x'], 2, /--control-file: there is no control interface/],
    [['--control-token-file', 'x'], 2, /--control-token-file: there is no control interface/],
    [
      ['--control-socket', '/nowhere/at/all.sock'],
      3,
      /cannot listen on \/nowhere\/at\/all\.sock for the control interface: .*; choose another with --control-socket/,
    ],
  ] as const) {
    const outcome = run('--port', '0', '--log-level', 'silent', ...args);
    assert.equal(outcome.code, code, args.join(' '));
    assert.match(oneLine(outcome.stderr), text);
  }
});

test('a folder for control files that others can read is not used', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'opensrf-chopchop'));
  chmodSync(join(folder, 'opensrf-chopchop'), 0o755);
  const before = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = folder;
  t.after(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
  });
  const { code, stderr } = run('--port', '0', '--console', '0', '--log-level', 'silent');
  assert.equal(code, 4);
  assert.match(oneLine(stderr), /cannot keep the control file in .*other users may write or read there; choose another path with --control-file/);
});

test('monitor prints the requests of a running server as they end, over a unix socket too, and ends with the server', async (t) => {
  const folder = temporaryFolder(t);
  const serving = await serveWithControl(t, folder, '--control-socket', join(folder, 'control.sock'));
  const [address] = serving.ready.c2s;
  const service = await startMath(t, { address }, 1);
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'alice' });
  t.after(() => client.close());
  await client.request('opensrf.math', 'add', 2, 2);
  const all = new Command(t, 'monitor', '--control-file', serving.file, '--past');
  await all.printed(' opensrf.math add ');
  const failed = new Command(t, 'monitor', '--control-file', serving.file, '--past', '--status', 'failed', '--json', '--count', '1');
  await assert.rejects(async () => client.request('opensrf.math', 'fail'));
  const { code, stdout } = await failed.outcome();
  assert.equal(code, 0);
  const summary = JSON.parse(stdout);
  assert.deepEqual([summary.method, summary.statusCode, summary.client, summary.worker], ['fail', 500, client.jid, service.workers[0]?.jabber.jid]);
  await all.printed(' failed 500 ');
  await client.close();
  await service.stop();
  await stop(serving);
  const ended = await all.outcome();
  assert.equal(ended.code, 0);
  const lines = ended.stdout.trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^\d\d:\d\d:\d\d\.\d{3} {2}opensrf\.math add {2}ok {2}[\d.]+ ms {2}alice <- \S*drone\S+ {2}\d+$/);
  assert.match(lines[1] ?? '', /^\d\d:\d\d:\d\d\.\d{3} {2}opensrf\.math fail {2}failed 500 {2}/);
  assert.match(lines[2] ?? '', /^ {4}\S/);
  assert.ok(lines.every(({ length }) => length <= 120));
});

test('monitor shows the newest remembered requests, oldest first, and with --no-follow ends there', async (t) => {
  const serving = await serveWithControl(t, temporaryFolder(t), '--console', '0');
  const client = await OsrfClient.connect({ ...LOGIN, ...serving.ready.c2s[0], resource: 'alice' });
  t.after(() => client.close());
  for (const method of ['class.list', 'summarize', 'stats.class.all']) await client.request('router', `opensrf.router.info.${method}`);
  for (const [args, methods] of [
    [
      ['-n', '2', '--no-follow'],
      ['summarize', 'stats.class.all'],
    ],
    [['--count', '1', '--past'], ['stats.class.all']],
    [['--no-follow'], ['class.list', 'summarize', 'stats.class.all']],
  ] as const) {
    const { code, stdout } = await new Command(t, 'monitor', '--control-file', serving.file, '--json', ...args).outcome();
    assert.equal(code, 0);
    const shown = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).method);
    assert.deepEqual(
      shown,
      methods.map((method) => `opensrf.router.info.${method}`),
      args.join(' '),
    );
  }
  await client.close();
  await stop(serving);
});

test('monitor reports a missing server, a missing file and an invalid filter', async (t) => {
  const folder = temporaryFolder(t);
  const nobody = new Command(t, 'monitor', '--control-file', join(folder, 'none.json'));
  assert.deepEqual([(await nobody.outcome()).code, /cannot read the control file/.test((await nobody.outcome()).stderr)], [4, true]);
  const gone = join(folder, 'gone.json');
  writeFileSync(gone, JSON.stringify({ pid: process.pid, token: 'x', url: 'http://127.0.0.1:1', socket: null }));
  const unreachable = await new Command(t, 'monitor', '--control-file', gone).outcome();
  assert.equal(unreachable.code, 3);
  assert.match(oneLine(unreachable.stderr), /cannot reach the control interface at http:\/\/127\.0\.0\.1:1/);
  const serving = await serveWithControl(t, folder, '--console', '0');
  const wrong = await new Command(t, 'monitor', '--control-file', serving.file, '--status', 'perhaps').outcome();
  assert.equal(wrong.code, 2);
  assert.match(oneLine(wrong.stderr), /"perhaps" is not a code/);
  await stop(serving);
});

test('monitor finds the only server that runs here', async (t) => {
  const folder = temporaryFolder(t);
  const before = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = folder;
  t.after(() => {
    if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = before;
  });
  const none = run('monitor');
  assert.equal(none.code, 3);
  assert.match(oneLine(none.stderr), /no server with a control interface runs here; start one with --console/);
  const first = await serve(t, temporaryFolder(t), '--log-level', 'warn', '--console', '0');
  const [address] = first.ready.c2s;
  await startMath(t, { address }, 1).then((service) => service.stop());
  const client = await OsrfClient.connect({ ...LOGIN, ...address, resource: 'alice' });
  await client.request('router', 'opensrf.router.info.class.list');
  await client.close();
  assert.match(run('monitor', '--past', '--count', '1').stdout, / router opensrf\.router\.info\.class\.list {2}ok /);
  const second = await serve(t, temporaryFolder(t), '--log-level', 'warn', '--console', '0');
  const port = String(address.port);
  const core = join(folder, 'core.xml');
  const text = `<domain>private.localhost</domain><port>${port}</port><username>opensrf</username><passwd>password</passwd>`;
  writeFileSync(core, `<config><opensrf>${text}</opensrf></config>`);
  for (const where of [
    ['--port', port],
    ['--host', 'localhost', '--port', port],
    ['--config', core, '--host', address.host],
  ]) {
    const past = run('monitor', '--no-follow', '-n', '7', ...where);
    assert.deepEqual([past.code, past.stderr], [0, '']);
    assert.match(past.stdout, / router opensrf\.router\.info\.class\.list {2}ok /);
  }
  const elsewhere = run('monitor', '--port', '1');
  assert.equal(elsewhere.code, 3);
  assert.match(oneLine(elsewhere.stderr), /no server with a control interface runs here at 127\.0\.0\.1:1; start one with --console/);
  const several = run('monitor');
  assert.equal(several.code, 2);
  assert.match(oneLine(several.stderr), /several servers run here; choose one with --control-file: .*\.json, .*\.json/);
  await stop(first);
  await stop(second);
});
