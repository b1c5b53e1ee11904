import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { StandardOutput } from '../../server/logging/standard-output.ts';
import { temporaryFolder } from '../support/command.ts';

const LINE = 'x'.repeat(999);

/** A pipe, and the sink at its writing end. */
function setUp(t: TestContext) {
  const path = join(temporaryFolder(t), 'pipe');
  spawnSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  t.after(() => closeSync(writer));
  const read = () => {
    const buffer = Buffer.alloc(2_000_000);
    try {
      return buffer.toString('utf8', 0, readSync(reader, buffer));
    } catch {
      return '';
    }
  };
  return { sink: new StandardOutput(writer), reader, read };
}

test('a pipe that is not read takes lines up to a bound; further ones are lost, and the others arrive in order', async (t) => {
  const { sink, reader, read } = setUp(t);
  t.after(() => closeSync(reader));
  let taken = 0;
  while (sink.write(30, `${taken} ${LINE}`) === null) taken++;
  assert.ok(taken > 1_000 && taken < 1_300, `${taken} lines of a kilobyte`);
  assert.equal(sink.write(30, 'one more'), 'standard output is not read');
  let text = '';
  for (let lines = 0; lines < taken; lines = text.split('\n').length - 1) {
    text += read();
    await new Promise(setImmediate);
  }
  assert.deepEqual(
    text.trim().split('\n'),
    Array.from({ length: taken }, (_, number) => `${number} ${LINE}`),
  );
});

test('to close a pipe that is not read takes a bounded time', async (t) => {
  const { sink, reader } = setUp(t);
  t.after(() => closeSync(reader));
  for (let count = 0; count < 200; count++) sink.write(30, LINE);
  await sink.close();
});

test('lines to a pipe without a reader are lost, and say why', (t) => {
  const { sink, reader } = setUp(t);
  assert.equal(sink.write(30, LINE), null);
  closeSync(reader);
  for (let count = 0; count < 2; count++) assert.match(sink.write(30, LINE) ?? '', /EPIPE/);
});
