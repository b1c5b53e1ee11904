import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { LatencyMetric } from '../../server/control/metrics/latency-metric.ts';
import { Meters, type Registered, type Values } from '../../server/control/metrics/meters.ts';
import { someGuard } from '../support/guards.ts';

function newRegistry(): Registered {
  const registry = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

const seriesIn = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(name));

test('a metric has a limited number of series, plus one for the sum of the others', async () => {
  for (const kind of ['gauge', 'counter'] as const) {
    const registry = newRegistry();
    const meters = new Meters({ registry, prefix: 'p_', guard: someGuard(), maxSeries: 3 });
    const values: Values = Array.from({ length: 10 }, (_, index) => [{ service: `s${index}`, listener: `l${index}` }, index] as const);
    meters[kind]('things', 'Things', ['service', 'listener'], () => values);
    const suffix = kind === 'counter' ? '_total' : '';
    assert.deepEqual(seriesIn(await registry.metrics(), 'p_things'), [
      `p_things${suffix}{service="s0",listener="l0"} 0`,
      `p_things${suffix}{service="s1",listener="l1"} 1`,
      `p_things${suffix}{service="s2",listener="l2"} 2`,
      `p_things${suffix}{service="other",listener="other"} 42`,
    ]);
  }
});

test('a label is cut, and series that are the same then are one', async () => {
  const registry = newRegistry();
  const meters = new Meters({ registry, prefix: '', guard: someGuard(), maxSeries: 10 });
  meters.gauge('g', 'G', ['service'], () => ['a', 'b'].map((end) => [{ service: 'n'.repeat(1_000) + end }, 2] as const));
  assert.deepEqual(seriesIn(await registry.metrics(), 'g{'), [`g{service="${'n'.repeat(200)}"} 4`]);
});

test('the latency metric drops the series of services that have gone, and sums up services beyond the limit', async () => {
  const registry = newRegistry();
  const there = new Set(['a', 'b', 'c', 'd']);
  const latency = new LatencyMetric(registry, '', (service) => there.has(service), 60);
  const services = async () => {
    const names = seriesIn(await registry.metrics(), 'request_duration_seconds_count').map((line) =>
      /service="([^"]*)".*\} (\d+)$/.exec(line)?.slice(1).join(':'),
    );
    return names.sort();
  };
  for (const service of ['a', 'b', 'c', 'd', 'a', 'never.registered']) latency.observe(service, 'complete', 0.01);
  assert.deepEqual(await services(), [':1', 'a:2', 'b:1', 'c:1', 'other:1']);
  there.delete('a');
  there.delete('b');
  assert.deepEqual(await services(), [':1', 'c:1', 'other:1'], 'at the next scrape');
  for (let index = 0; index < 1_000; index++) {
    there.add(`s${index}`);
    latency.observe(`s${index}`, index % 2 === 0 ? 'complete' : 'refused', 0.01);
    there.delete(`s${index}`);
  }
  assert.ok((await services()).length < 5, 'also without a scrape for long');
});
