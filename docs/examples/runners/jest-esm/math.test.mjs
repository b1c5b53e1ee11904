import { jest } from '@jest/globals';
import { useChopChop } from 'opensrf-chopchop/jest';

const jabber = useChopChop();

test('a sum', async () => {
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  expect(await jabber.request('opensrf.math', 'add', 2, 2)).toBe(4);
  jabber.verify({ service: 'opensrf.math', method: 'add', params: [2, 2] }, 1);
});

test('a sum while the timers are fake', async () => {
  await jabber.service('opensrf.math', { add: (a, b) => a + b });
  jest.useFakeTimers();
  try {
    expect(await jabber.request('opensrf.math', 'add', 2, 3)).toBe(5);
  } finally {
    jest.useRealTimers();
  }
});
