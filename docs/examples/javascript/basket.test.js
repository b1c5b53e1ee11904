import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChopChop } from 'opensrf-chopchop';
import { Basket } from './basket.js';

/** A server for one test. From Node 24 on, `await using jabber = await startChopChop()` does it without this. */
async function start(t) {
  const jabber = await startChopChop();
  t.after(() => jabber.stop());
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  return jabber;
}

test('a basket adds its prices by opensrf.math', async (t) => {
  const jabber = await start(t);
  const basket = new Basket(await jabber.connect());
  await basket.add(3);
  assert.equal(await basket.add(4), 7);
  jabber.verifyOrder({ method: 'add', params: [0, 3] }, { method: 'add', params: [3, 4] });
});

test('a basket tells when the service cannot be reached, and goes on when it can', async (t) => {
  const jabber = await start(t);
  const basket = new Basket(await jabber.connect());
  jabber.fault({ service: 'opensrf.math', bounce: true, times: 1 });
  await assert.rejects(basket.add(3), { name: 'OsrfError', kind: 'bounce', statusCode: 503 });
  assert.equal(await basket.add(4), 4);
});
