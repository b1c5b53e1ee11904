import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChopChop } from 'opensrf-chopchop';

test('a sum', async () => {
  await using jabber = await startChopChop();
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
});
