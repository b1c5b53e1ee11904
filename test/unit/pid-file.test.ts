import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CommandError, EXIT } from '../../server/kernel/exit-codes.ts';
import { PidFile, pidFileState } from '../../server/process/pid-file.ts';
import { temporaryFolder } from '../support/command.ts';
import { endWith } from '../support/processes.ts';
import { recordingLog } from '../support/server.ts';

const OTHER_PROGRAM = process.ppid;
const NOBODY = 1_999_999_999;

/** A process that does nothing, with a title. */
async function processCalled(t: TestContext, title: string): Promise<number> {
  const script = `process.title = ${JSON.stringify(title)}; process.stdout.write('up'); setInterval(() => {}, 100000)`;
  const child = endWith(t, spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }));
  await once(child.stdout, 'data');
  return child.pid as number;
}

function fileWith(t: TestContext, content: string): string {
  const path = join(temporaryFolder(t), 'chopchop.pid');
  writeFileSync(path, content);
  return path;
}

const noProc = !existsSync('/proc/self/stat') && 'no /proc here';

test('a pid file of a process that has ended, or of none, is stale', (t) => {
  const { pid } = spawnSync('true');
  assert.deepEqual(pidFileState(fileWith(t, `${pid}\n`), 1), { kind: 'stale', reason: `process ${pid} does not exist` });
  assert.deepEqual(pidFileState(fileWith(t, `${NOBODY}\n`), 1), { kind: 'stale', reason: `process ${NOBODY} does not exist` });
  assert.deepEqual(pidFileState(fileWith(t, ''), 1), { kind: 'stale', reason: 'it contains no pid' });
  assert.deepEqual(pidFileState(join(temporaryFolder(t), 'none'), 1), { kind: 'free' });
});

test('a pid that now belongs to another program is stale', { skip: noProc }, (t) => {
  assert.deepEqual(pidFileState(fileWith(t, `${OTHER_PROGRAM}\n`), 1), { kind: 'stale', reason: `process ${OTHER_PROGRAM} is another program` });
});

for (const title of ['opensrf-chopchop', 'OpenSRF Router']) {
  test(`a pid file of a live process called ${title} is held, also as one of two`, async (t) => {
    const pid = await processCalled(t, title);
    assert.deepEqual(pidFileState(fileWith(t, `${pid}`), 1), { kind: 'held', pid });
    assert.deepEqual(pidFileState(fileWith(t, `${NOBODY}\n${pid}\n`), 1), { kind: 'held', pid });
  });
}

test('our own pid is stale: in a container the next server often gets the pid of the last one', async (t) => {
  const pid = await processCalled(t, 'opensrf-chopchop');
  assert.equal(pidFileState(fileWith(t, `${pid}\n`), pid).kind, 'stale');
});

test('the pid of a zombie process is stale', { skip: noProc }, async (t) => {
  // The shell starts a child, becomes a program that waits for no child, and so leaves a zombie with the right name.
  const script = `process.title = 'opensrf-chopchop'; process.stdout.write(process.pid + ' ')`;
  const shell = endWith(t, spawn('sh', ['-c', `"${process.execPath}" -e "${script}" & exec sleep 1000`], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const [text] = await once(shell.stdout.setEncoding('utf8'), 'data');
  const pid = Number(text);
  while (!/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise(setImmediate);
  assert.equal(pidFileState(fileWith(t, `${pid}\n`), 1).kind, 'stale');
});

test('a file that is not a pid file is not overwritten', (t) => {
  for (const content of ['root:x:0:0:root\n', '-1\n', '0\n', '12 x\n', '1e3\n']) {
    const path = fileWith(t, content);
    assert.throws(() => new PidFile(path).write(recordingLog()), {
      name: 'CommandError',
      exitCode: EXIT.file,
      message: `${path} is not a pid file; choose another --pid-file, or remove it`,
    });
    assert.equal(readFileSync(path, 'utf8'), content);
  }
});

test('a pid file that cannot be read is one clear line', (t) => {
  const folder = join(temporaryFolder(t), 'folder');
  mkdirSync(folder);
  assert.throws(
    () => new PidFile(folder).check(),
    (error) => error instanceof CommandError && error.exitCode === EXIT.file && /^cannot read the pid file .*folder: /.test(error.message),
  );
});

test('a stale pid file is replaced with a log line, a new one written without', (t) => {
  const log = recordingLog();
  const path = fileWith(t, `${NOBODY}\n`);
  new PidFile(path).write(log);
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
  assert.deepEqual(log.lines, [{ level: 'warn', fields: { file: path, reason: `process ${NOBODY} does not exist` }, message: 'replaced a stale pid file' }]);
  new PidFile(join(temporaryFolder(t), 'new.pid')).write(log);
  assert.equal(log.lines.length, 1);
});

test('at the end a pid file is removed only if it is still ours', (t) => {
  const path = join(temporaryFolder(t), 'chopchop.pid');
  const file = new PidFile(path);
  file.write(recordingLog());
  writeFileSync(path, '4711\n');
  file.remove();
  assert.equal(readFileSync(path, 'utf8'), '4711\n');
  writeFileSync(path, `${process.pid}\n`);
  file.remove();
  assert.equal(existsSync(path), false);
  file.remove();
});
