const assert = require('node:assert/strict');
const { startChopChop } = require('opensrf-chopchop');
const sinon = require('sinon');

let jabber;
before(async () => {
  jabber = await startChopChop();
});
beforeEach(() => jabber.reset());
after(() => jabber.stop());

it('a sum', async () => {
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
  jabber.verify({ service: 'opensrf.math', method: 'add', params: [2, 2] }, 1);
});

it('a sum while the timers are fake', async () => {
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  const clock = sinon.useFakeTimers();
  try {
    assert.equal(await jabber.request('opensrf.math', 'add', 2, 3), 5);
  } finally {
    clock.restore();
  }
});
