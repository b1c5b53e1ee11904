import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../server/control/metrics/history.ts';

interface Sample {
  readonly at: number;
  readonly requests: number;
  readonly p95Ms: number;
}

test('a history keeps five minutes, an hour and the whole life within bounds; longer samples have means and peaks', () => {
  const history = new History<Sample>(['p95Ms']);
  const counts = () => (['5m', '1h', 'start'] as const).map((range) => history.samples(range).length);
  const second = (n: number) => history.add({ at: n * 1_000, requests: n % 10, p95Ms: n % 10 });
  for (let n = 1; n <= 120; n++) second(n);
  assert.deepEqual(counts(), [120, 120, 120], 'the young server shows its seconds');
  for (let n = 121; n <= 7_200; n++) second(n);
  assert.deepEqual(counts(), [300, 360, 360], '720 of ten seconds: 400 became 200 of twenty, and 160 followed');
  assert.deepEqual(history.samples('1h').at(-1), { at: 7_200_000, requests: 4.5, p95Ms: 9 });
  for (let n = 7_201; n <= 1_000_000; n++) second(n);
  const [seconds, tens, whole] = counts() as [number, number, number];
  assert.deepEqual([seconds, tens], [300, 360]);
  assert.ok(whole >= 200 && whole < 400, `${whole} samples of the whole life`);
  assert.ok((history.samples('start')[0]?.at ?? 0) < 1_000_000_000 / 100, 'the oldest is of the beginning');
});
