import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { startChopChop } from '../server/index.ts';
import { Program } from './support/background-command.ts';
import { MAIN, temporaryFolder, until } from './support/command.ts';
import { HANG_MS } from './support/processes.ts';

const INDEX = fileURLToPath(new URL('../server/index.js', import.meta.url));
const LONG_MS = HANG_MS * 10;
const STOPPED = /^(?:500 )?the fixture was stopped$/;

/** Runs a program to its end. */
function runProgram(t: TestContext, source: string): { status: number | null; stdout: string; stderr: string; file: string } {
  const file = join(temporaryFolder(t), 'program.mjs');
  writeFileSync(file, `import { startChopChop } from '${INDEX}';\n${source}`);
  return { ...spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: HANG_MS }), file };
}

/** Whether a port of this machine accepts connections. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const [event] = await Promise.race([once(socket, 'connect').then(() => [true]), once(socket, 'error').then(() => [false])]).catch(() => [false]);
  socket.destroy();
  return event as boolean;
}

test('a stopping fixture rejects pending calls at once', async () => {
  const jabber = await startChopChop();
  await jabber.service('my.service', { never: () => new Promise(() => {}) });
  const client = await jabber.connect({ timeoutMs: LONG_MS });
  const waits = [
    jabber.waitForRequest({ method: 'absent' }, LONG_MS),
    jabber.waitForService('absent', { timeoutMs: LONG_MS }),
    client.request('my.service', 'never').answer,
    client.session('my.service').call('never', [], LONG_MS).answer,
  ];
  await jabber.waitForRequest({ method: 'never' });
  const rejected = Promise.all(waits.map((wait) => assert.rejects(wait, { message: STOPPED })));
  await jabber.stop();
  await rejected;
});

test('every call to a stopped fixture fails with that reason; its log of requests stays', async () => {
  const jabber = await startChopChop();
  await jabber.service('my.service', { ping: () => 'pong' });
  const client = await jabber.connect();
  await client.request('my.service', 'ping');
  await jabber.stop();
  const calls: readonly (() => unknown)[] = [
    () => jabber.service('my.service', {}),
    () => jabber.ready(),
    () => jabber.connect(),
    () => jabber.request('my.service', 'ping'),
    () => client.request('my.service', 'ping').answer,
    () => jabber.waitForService('my.service'),
    () => jabber.waitForRequest({ method: 'ping' }),
    () => jabber.fault({ drop: true }),
    () => jabber.reset(),
    () => jabber.env(),
    () => jabber.writeConfig('/nonexistent'),
  ];
  for (const call of calls) await assert.rejects(async () => call(), { message: STOPPED }, String(call));
  jabber.verify({ method: 'ping' }, 1);
  await jabber.stop();
});

test('a fixture that is not stopped lets the process end, and is named with its place', (t) => {
  const options = "{ web: true, websocket: { ports: [0] }, tls: { certificate: 'self-signed', ports: [0] } }";
  const { status, stdout, stderr, file } = runProgram(
    t,
    `const jabber = await startChopChop(${options});
    await jabber.service('my.service', { ping: () => 'pong' });
    console.log(await jabber.request('my.service', 'ping'));`,
  );
  assert.deepEqual([status, stdout], [0, 'pong\n']);
  const place = `file://${file}:2:22`;
  assert.equal(stderr, `opensrf-chopchop: a fixture was not stopped: await its stop(), or start it with keepAlive; it was started at ${place}\n`);
});

test('a wait keeps the process alive, and a stopped fixture is not named', (t) => {
  const { status, stdout, stderr } = runProgram(
    t,
    `const jabber = await startChopChop();
    await jabber.waitForRequest({ method: 'absent' }, 50).catch((error) => console.log(error.name));
    await jabber.stop();`,
  );
  assert.deepEqual([status, stdout, stderr], [0, 'OsrfTimeout\n', '']);
});

test('keepAlive keeps the process alive', async (t) => {
  const file = join(temporaryFolder(t), 'program.mjs');
  writeFileSync(
    file,
    `import { startChopChop } from '${INDEX}';
    const jabber = await startChopChop({ keepAlive: true });
    process.on('beforeExit', () => console.log('nothing keeps it alive'));
    // Unreferenced: it runs only if something else keeps the process alive.
    setTimeout(() => { console.log('alive'); jabber.stop(); }, 50).unref();`,
  );
  const { code, stdout, stderr } = await new Program(t, process.execPath, [file]).outcome();
  assert.deepEqual([code, stdout.split('\n')[0], stderr], [0, 'alive', '']);
});

test('a fixture dies with its worker thread', async () => {
  const source = `import { startChopChop } from '${pathToFileURL(INDEX).href}'; import { parentPort } from 'node:worker_threads';
    const jabber = await startChopChop({ keepAlive: true }); parentPort.postMessage(jabber.port);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  const [port] = await once(worker, 'message');
  assert.equal(await accepts(port), true);
  await worker.terminate();
  assert.equal(await accepts(port), false);
});

test('exec fails if it cannot create its temporary folder', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'exec', '--', 'true'], {
    encoding: 'utf8',
    timeout: HANG_MS,
    env: { ...process.env, TMPDIR: '/nonexistent' },
  });
  assert.equal(status, 4);
  assert.match(stderr, /^opensrf-chopchop: exec: cannot make a temporary folder: ENOENT.*; see TMPDIR, or name a folder by --config-dir\n$/);
});

test('a killed exec takes its command with it, and the children of that and of --start', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const folder = temporaryFolder(t);
  const sleeper = (name: string) => `sleep 3600 & echo $! > ${name}.tmp; mv ${name}.tmp ${name}; wait`;
  const start = `cd ${folder}; ${sleeper('start')}`;
  const program = new Program(t, process.execPath, [MAIN, 'exec', '--start', start, '--', 'sh', '-c', `cd ${folder}; ${sleeper('command')}`]);
  const pids = [];
  for (const name of ['start', 'command']) {
    await until(t, folder, () => read(join(folder, name)) !== '');
    pids.push(Number(read(join(folder, name))));
  }
  // It tells its guardian of a command once it has started it: on a busy machine the command may be faster.
  while (stateOf(program.pid) !== 'S') await new Promise((resolve) => setTimeout(resolve, 10));
  program.kill('SIGKILL');
  await program.outcome();
  for (const pid of pids) while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
});

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a process runs: a zombie does not. */
function isAlive(pid: number): boolean {
  return !['', 'Z'].includes(stateOf(pid));
}

/** See proc(5); `S`: it waits for an event. `''`: it has ended. */
function stateOf(pid: number): string {
  return /\) (\S)/.exec(read(`/proc/${pid}/stat`))?.[1] ?? '';
}
