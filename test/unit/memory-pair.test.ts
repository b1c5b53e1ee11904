import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { memoryPair } from '../../server/net/memory-pair.ts';

test("each end reads the other's writes, in order, and half-closes like a socket", async () => {
  const [one, other] = memoryPair();
  const read: string[] = [];
  other.setEncoding('utf8').on('data', (text) => read.push(text));
  one.write('a');
  one.end('b');
  await once(other, 'end');
  assert.deepEqual(read, ['a', 'b']);
  one.setEncoding('utf8').on('data', (text) => read.push(text));
  other.end('c');
  await Promise.all([once(one, 'close'), once(other, 'close')]);
  assert.deepEqual(read, ['a', 'b', 'c']);
});

test('a writer waits for a reader that takes nothing', async () => {
  const [one, other] = memoryPair();
  const large = 'x'.repeat(one.writableHighWaterMark);
  let written = 0;
  for (let count = 1; count <= 3; count++) one.write(large, () => written++);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(written < 3 && one.writableLength > 0);
  other.resume();
  await once(one, 'drain');
  assert.equal(one.writableLength, 0);
});

test('if one end is destroyed, the other is reset, and writes to it fail', async () => {
  const [one, other] = memoryPair();
  const fault = once(other, 'error');
  one.destroy();
  assert.equal((await fault)[0].code, 'ECONNRESET');
  const [a, b] = memoryPair();
  const failed = once(a, 'error');
  b.on('error', () => {});
  a.write('into the void');
  b.destroy();
  a.write('more');
  assert.match((await failed)[0].code, /EPIPE|ECONNRESET/);
});
