import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstItems } from '../../server/gateways/first-items.ts';

test('the items of a list are as they were sent, as many as begin within the bound', () => {
  for (const [list, characters, items] of [
    ['', 100, []],
    ['[]', 100, []],
    ['[ ]', 100, []],
    ['[1]', 100, ['1']],
    ['[ 1.0 ,"a,]\\"", [2,[3]] , {"a":[1,2]}]', 100, ['1.0', '"a,]\\""', '[2,[3]]', '{"a":[1,2]}']],
    ['[1,22,333,4444]', 4, ['1', '22']],
    ['["long text",2]', 3, ['"long text"']],
    ['[[1,2,3,4,5,6]]', 5, ['[1,2,']],
  ] as const) {
    assert.deepEqual(firstItems(list, characters), items, list);
  }
});
