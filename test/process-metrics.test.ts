import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startControlledServer } from './support/control.ts';

/** The value of a metric without labels. */
function metric(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

test('the first scrape has the CPU time of the process since its start, and numbers only', async (t) => {
  const { call } = await startControlledServer(t);
  const before = process.cpuUsage();
  const response = await call('/metrics');
  const text = await response.text();
  assert.ok(metric(text, 'process_cpu_seconds_total') >= (before.user + before.system) / 1e6);
  assert.ok(metric(text, 'process_cpu_user_seconds_total') >= before.user / 1e6);
  assert.ok(metric(text, 'process_cpu_system_seconds_total') >= before.system / 1e6);
  assert.doesNotMatch(text, /NaN/);
  assert.ok(metric(text, 'nodejs_eventloop_lag_min_seconds') < 1_000, 'no delay yet is not the longest one');
});
