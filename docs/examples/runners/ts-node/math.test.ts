import assert = require('node:assert/strict');

import { type ChopChopFixture, startChopChop } from 'opensrf-chopchop';

async function main(): Promise<void> {
  const jabber: ChopChopFixture = await startChopChop();
  await jabber.service('opensrf.math', { add: (a: number, b: number) => a + b });
  assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
  await jabber.stop();
}

void main();
