const assert = require('node:assert/strict');
const { mock, test } = require('node:test');
const { useChopChop } = require('opensrf-chopchop/node-test');

const jabber = useChopChop();

test('a sum', async () => {
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
  jabber.verify({ service: 'opensrf.math', method: 'add', params: [2, 2] }, 1);
});

test('a sum while the timers are fake', async () => {
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  mock.timers.enable();
  try {
    assert.equal(await jabber.request('opensrf.math', 'add', 2, 3), 5);
  } finally {
    mock.timers.reset();
  }
});
