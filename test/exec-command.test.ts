import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startChopChop } from '../server/index.ts';
import { Command } from './support/background-command.ts';
import { LONG, MAIN, oneLine, run, serve, stop, temporaryFolder, until } from './support/command.ts';
import { endWith } from './support/processes.ts';

const INDEX = fileURLToPath(new URL('../server/index.js', import.meta.url));
const STUB = 'service: opensrf.math\nmethods:\n  add:\n    - params: [2, 2]\n      result: 4\n';

/** A program for exec: JavaScript with a logged-in client. */
function program(body: string): string[] {
  const { host, port, domain, username, password } = {
    host: 'env.OSRF_HOST',
    port: '+env.OSRF_PORT',
    domain: 'env.OSRF_DOMAIN',
    username: 'env.OSRF_USERNAME',
    password: 'env.OSRF_PASSWORD',
  };
  const login = `{ host: ${host}, port: ${port}, domain: ${domain}, username: ${username}, password: ${password}, resource: 'test' }`;
  return [
    process.execPath,
    '--input-type=module',
    '-e',
    `import { OsrfClient } from '${INDEX}'; const { env } = process; const client = await OsrfClient.connect(${login}); ${body}`,
  ];
}

test('exec runs a command that finds stubs and files by its environment, and passes its exit code on', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'math.yaml'), STUB);
  const body = `console.log(await client.request('opensrf.math', 'add', 2, 2), env.OSRF_CONFIG); await client.close();`;
  const { code, stdout, stderr } = run('exec', '--stubs', folder, '--service', 'opensrf.math', '--', ...program(body));
  assert.equal(stderr, '');
  const [, config = ''] = /^4 (.*opensrf_core\.xml)\n$/.exec(stdout) ?? [];
  assert.equal(existsSync(config), false, 'the temporary folder is gone');
  assert.equal(code, 0);
});

test('exec lists the unanswered and refused requests of a failed command', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'math.yaml'), STUB);
  const conf = join(folder, 'conf');
  const body = `
    for (const [service, ...call] of [['opensrf.math', 'add', 2, 2], ['opensrf.math', 'add', 3], ['opensrf.math', 'secret.word', 'demo123'], ['absent', 'x']])
      await client.request(service, ...call).catch(() => {});
    await client.session('absent').connect().catch(() => {});
    process.exit(3);`;
  // By a short name: the summary shows the beginning of a command.
  const node = join(folder, 'node');
  symlinkSync(process.execPath, node);
  const { code, stderr } = run('exec', '--stubs', folder, '--log-protect', 'secret', '--config-dir', conf, '--', node, ...program(body).slice(1));
  assert.equal(code, 3);
  const [head, counts, ...rest] = stderr.trimEnd().split('\n');
  assert.match(head as string, /^opensrf-chopchop: \S+ --input-type=module -e .*… ended with exit code 3$/);
  assert.equal(counts, '  5 requests, 1 answered; registered: opensrf.math');
  assert.deepEqual(rest, [
    '  answered with an error:',
    "    opensrf.math add(3): refused 404 no case of the stub's method add matches the parameters [3]; nearest case 1: params: expected 2 of them, got 1; params[0]: expected 2, got 3",
    '    opensrf.math secret.word(**PARAMS REDACTED**): refused 404 Method [secret.word] not found for service opensrf.math',
    '    absent x(): refused 404 Service absent is not registered with this router',
    '  bounced:',
    '    absent CONNECT: bounced 503 Service absent is not registered with this router',
  ]);
  assert.ok(existsSync(join(conf, 'opensrf_core.xml')), 'a folder that was named stays');
});

test('exec injects faults', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'math.yaml'), STUB);
  const fault = JSON.stringify({ service: 'opensrf.math', params: [2, { $any: true }], status: 503, text: 'come again', times: 1 });
  const body = `
    const ask = () => client.request('opensrf.math', 'add', 2, 2).catch(({ message }) => message);
    console.log(await ask(), await ask());
    await client.close();`;
  const { stdout, code } = run('exec', '--stubs', folder, '--fault', fault, '--fault-seed', '7', '--', ...program(body));
  assert.deepEqual([stdout, code], ['503 come again 4\n', 0]);
});

test('exec runs programs beside the command, waits for their services, and ends them', async (t) => {
  const folder = temporaryFolder(t);
  const service = join(folder, 'service.mjs');
  writeFileSync(
    service,
    `import { appendFileSync } from 'node:fs';
     import { OsrfService } from '${INDEX}';
     const { env } = process;
     const login = { host: env.OSRF_HOST, port: +env.OSRF_PORT, domain: env.OSRF_DOMAIN, username: env.OSRF_USERNAME, password: env.OSRF_PASSWORD };
     const running = await OsrfService.start({ ...login, service: 'opensrf.own', workers: 1, methods: { twice: (n) => 2 * n } });
     process.on('SIGTERM', async () => { await running.stop(); appendFileSync('${folder}/ended', 'ended'); });`,
  );
  const body = `console.log(await client.request('opensrf.own', 'twice', 21)); await client.close();`;
  const { code, stdout, stderr } = run('exec', '--start', `exec ${process.execPath} ${service}`, '--service', 'opensrf.own', '--', ...program(body));
  assert.deepEqual([stderr, stdout, code], ['', '42\n', 0]);
  assert.equal(readFileSync(join(folder, 'ended'), 'utf8'), 'ended');
});

test('exec names the nearest recorded request of one that a lenient replay lacks, but no secret', (t) => {
  const file = join(temporaryFolder(t), 'session.ndjson');
  const lines = ['add', 'secret.add'].map((method) => JSON.stringify({ service: 'my.math', method, params: [2, 2], results: [4] }));
  writeFileSync(file, lines.join('\n'));
  const body = "await client.request('my.math', 'add', 2, 3); await client.request('my.math', 'secret.add', 2, 987); process.exit(1);";
  const { stderr } = run('exec', '--replay', file, '--log-protect', 'secret', '--', ...program(body));
  assert.match(
    stderr,
    /not in the recording:\n {4}my\.math add\(2,3\): answered with another answer of that method; nearest: params\[1\]: expected 2, got 3\n/,
  );
  assert.doesNotMatch(stderr.slice(stderr.indexOf('not in the recording')), /987/);
});

test('exec reports in one line why it cannot run the command, with an exit code for each reason', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'bad.yaml'), 'service: [');
  const rows: readonly (readonly [args: string[], code: number, message: RegExp])[] = [
    [[], 2, /exec: name a command/],
    [['--', 'no-such-command-here'], 127, /exec: no-such-command-here: command not found/],
    [['--', folder], 126, /permission denied/],
    [['--timeout', '0.01', '--service', 'opensrf.none', '--', 'true'], 6, /exec: after 0\.01 s not registered: opensrf\.none/],
    [['--service', 'opensrf.none', '--start', 'exit 5', '--', 'true'], 1, /exec: exit 5 ended with exit code 5 before opensrf\.none registered/],
    [['--fault', '{"drop": true,', '--', 'true'], 2, /--fault: \{"drop": true,: .*JSON/],
    [['--fault', '{"service": "a"}', '--', 'true'], 2, /--fault: .*: a fault needs exactly one of delayMs, drop/],
    [['--replay', join(folder, 'none'), '--', 'true'], 4, /none: cannot be read/],
    [['--stubs', join(folder, 'none'), '--', 'true'], 4, /none: cannot be read/],
    [['--stubs', folder, '--', 'true'], 2, /bad\.yaml:1: /],
    [['--record', join(folder, 'none/file'), '--', 'true'], 4, /none\/file: cannot be written/],
    [['--config-dir', join(folder, 'bad.yaml/conf'), '--', 'true'], 4, /cannot make .*bad\.yaml\/conf: ENOTDIR/],
  ];
  for (const [args, code, message] of rows) {
    const outcome = run('exec', ...args);
    assert.match(oneLine(outcome.stderr), message);
    assert.deepEqual([outcome.code, outcome.stdout], [code, ''], args.join(' '));
  }
});

test('exec forwards signals to the command; one that a signal ends has the exit code of a shell', async (t) => {
  const folder = temporaryFolder(t);
  const start = (script: string) => {
    return endWith(t, spawn(process.execPath, [MAIN, 'exec', '--', process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] }));
  };
  const polite = start(`process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1e6); console.log('up')`);
  await once(polite.stdout, 'data');
  polite.kill('SIGTERM');
  assert.deepEqual(await once(polite, 'close'), [7, null]);
  const rude = start(`console.log('up'); process.kill(process.pid, 'SIGKILL')`);
  assert.deepEqual(await once(rude, 'close'), [137, null]);
  // Before the command starts, a signal ends exec and its other children.
  const beside = `trap 'echo ended > ${folder}/beside; exit' TERM; echo up > ${folder}/up; while :; do sleep 1; done`;
  const waiting = endWith(t, spawn(process.execPath, [MAIN, 'exec', '--start', beside, '--service', 'opensrf.none', '--', 'true'], { stdio: 'ignore' }));
  await until(t, folder, () => existsSync(join(folder, 'up')));
  waiting.kill('SIGINT');
  assert.deepEqual(await once(waiting, 'close'), [130, null]);
  assert.equal(readFileSync(join(folder, 'beside'), 'utf8'), 'ended\n');
});

test('exec says every few seconds for which services it waits', async (t) => {
  const waiting = new Command(t, 'exec', '--service', 'opensrf.none', '--timeout', LONG, '--', 'true');
  await waiting.said(/^opensrf-chopchop: still waiting after \d+ s: not registered: opensrf\.none\n/m);
});

test('serve has doubles too: another server replays its recording', async (t) => {
  const folder = temporaryFolder(t);
  const stubs = join(folder, 'stubs');
  mkdirSync(stubs);
  writeFileSync(join(stubs, 'math.yaml'), STUB);
  const record = join(folder, 'session.ndjson');
  const at = (serving: Awaited<ReturnType<typeof serve>>) => ['--port', String(serving.ready.c2s[0].port), '--domain', 'localhost'];
  const conf = join(folder, 'conf');
  const recording = await serve(t, folder, '--stubs', stubs, '--record', record, '--config-dir', conf, '--domain', 'localhost');
  assert.equal(run('request', 'opensrf.math', 'add', '2', '2', '--config', join(conf, 'opensrf_core.xml')).stdout, '4\n');
  assert.equal(run('request', 'opensrf.math', 'add', '2', '2', ...at(recording)).stdout, '4\n');
  assert.equal(await stop(recording), 0);
  assert.match(readFileSync(record, 'utf8'), /"method":"add","params":\[2,2\]/);
  const replaying = await serve(t, folder, '--domain', 'localhost', '--replay', record, '--replay-mode', 'strict');
  assert.equal(run('request', 'opensrf.math', 'add', '2', '2', ...at(replaying)).stdout, '4\n');
  assert.equal(run('request', 'opensrf.math', 'add', '9', ...at(replaying)).code, 5);
  assert.equal(await stop(replaying), 0);
  assert.match(replaying.output(), /"method":"add","answered":"404".*received a request that is not in the recording/);
  writeFileSync(join(stubs, 'math.yaml'), 'service: 7');
  const refused = run('serve', '--port', '0', '--stubs', stubs);
  assert.deepEqual([refused.code, /math\.yaml:1: service: must be a non-empty string/.test(refused.stderr)], [2, true]);
});

test('readiness is reported on standard output and to systemd', async (t) => {
  const folder = temporaryFolder(t);
  const tool = join(folder, 'systemd-notify');
  writeFileSync(tool, `#!/bin/sh\necho "$@" > ${folder}/notified.tmp && mv ${folder}/notified.tmp ${folder}/notified\n`);
  chmodSync(tool, 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, NOTIFY_SOCKET: '/run/systemd/notify' };
  const args = [MAIN, '--port', '0', '--ready-file', '-', '--log-level', 'silent'];
  const child = endWith(t, spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] }));
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  const ready = JSON.parse(line);
  assert.deepEqual([ready.pid, typeof ready.c2s[0].port], [child.pid, 'number']);
  await until(t, folder, () => existsSync(join(folder, 'notified')));
  assert.equal(readFileSync(join(folder, 'notified'), 'utf8'), `READY=1 MAINPID=${child.pid}\n`);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('commands that log in find the server in the environment of exec; their options beat it', async (t) => {
  await using jabber = await startChopChop();
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  const asked = (...args: string[]) => {
    const env = { ...process.env, ...jabber.env() };
    const child = endWith(t, spawn(process.execPath, [MAIN, 'request', 'opensrf.math', 'add', '1', '2', ...args], { env }));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
    return once(child, 'close').then(([code]) => [code, output]);
  };
  assert.deepEqual(await asked(), [0, '3\n']);
  const [code, output] = await asked('--password', 'wrong');
  assert.equal(code, 3);
  assert.match(String(output), /cannot log in as opensrf@localhost/);
});
