import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ChopChopFixture } from '../server/fixture/fixture.ts';

const FIXTURES = 100;
const ROUNDS = 10;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Lets sockets close, and collects garbage. */
async function settled(): Promise<{ heapBytes: number; resources: string[] }> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return { heapBytes: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo().sort() };
}

async function round(): Promise<number> {
  const fixtures = await Promise.all(Array.from({ length: FIXTURES }, () => ChopChopFixture.start({})));
  const sums = fixtures.map(async (jabber, index) => {
    await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
    return jabber.request('opensrf.math', 'add', index, 1);
  });
  assert.deepEqual(
    await Promise.all(sums),
    Array.from({ length: FIXTURES }, (_, index) => index + 1),
  );
  const ports = new Set(fixtures.map(({ port }) => port));
  await Promise.all(fixtures.map((jabber) => jabber.stop()));
  for (const { server } of fixtures) assert.deepEqual([server.connectionCount, server.sessionCount], [0, 0]);
  return ports.size;
}

test('a hundred fixtures side by side, ten times: each has its port, and nothing of them is left', async () => {
  const before = await settled();
  assert.equal(await round(), FIXTURES);
  const warm = await settled();
  for (let number = 2; number <= ROUNDS; number++) assert.equal(await round(), FIXTURES);
  const after = await settled();
  assert.deepEqual(after.resources, before.resources);
  // One fixture alone keeps more than 20 kB while it lives: nine rounds of them would be 18 MB.
  const grownBytes = after.heapBytes - warm.heapBytes;
  assert.ok(grownBytes < 3_000_000, `the heap has grown by ${grownBytes} bytes`);
});
