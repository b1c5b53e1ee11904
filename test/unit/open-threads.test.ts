import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenThreads } from '../../router/ledger/open-threads.ts';
import type { RoutedRequest } from '../../router/ledger/routed-request.ts';

test('open threads are those of a map, however many there are', () => {
  const key = fc.integer({ min: 0, max: 40 }).map((number) => `1732.${number}.4711`);
  const step = fc.tuple(fc.constantFrom('set', 'set', 'delete'), key);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const threads = new OpenThreads();
      const model = new Map<string, RoutedRequest>();
      for (const [action, thread] of steps) {
        const request = { key: thread } as RoutedRequest;
        if (action === 'set') {
          threads.set(thread, request);
          model.set(thread, request);
        } else {
          threads.delete(thread);
          model.delete(thread);
        }
        assert.equal(threads.size, model.size);
        assert.equal(threads.get(thread), model.get(thread));
      }
      for (let number = 0; number <= 40; number++) assert.equal(threads.get(`1732.${number}.4711`), model.get(`1732.${number}.4711`));
    }),
  );
});
