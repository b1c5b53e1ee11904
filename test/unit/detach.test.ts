import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detached } from '../../shared/detach.ts';

test('a detached text is the same text, whatever its length and its characters', () => {
  for (const unit of ['a', 'é', '€', '😀', 'a😀é']) {
    for (const length of [0, 12, 13, 14, 1_364, 1_365, 1_366, 1_367, 5_000]) {
      const chunk = unit.repeat(length);
      const text = chunk.slice(0, length - (length % unit.length));
      assert.equal(detached(text), text, `${length} of ${unit}`);
    }
  }
});

test('later texts change no earlier one', () => {
  const texts = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(10 + index));
  const copies = texts.map((text) => detached(`${text}.`.slice(0, -1)));
  assert.deepEqual(copies, texts);
});
