import { type Counter, collectDefaultMetrics, type Gauge, type Registry } from 'prom-client';

const CPU_COUNTERS = ['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total', 'process_cpu_seconds_total'] as const;

const DELAY_GAUGES = ['nodejs_eventloop_lag_min_seconds', 'nodejs_eventloop_lag_mean_seconds', 'nodejs_eventloop_lag_stddev_seconds'] as const;

/** Gauges with the suffix of counters, which promtool and OpenMetrics refuse; `nodejs_active_resources` and the like have the same numbers by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Node reports 2^63 ns as the minimum of no delays. */
const LONGEST_DELAY_SECONDS = 1_000_000;

/** Adds the metrics of event loop, memory, CPU, handles and garbage collection, with prom-client's usual names. */
export function addProcessMetrics(registry: Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>): void {
  const { user, system } = process.cpuUsage();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  // prom-client counts from its own start, but the convention is the process's start.
  for (const [index, micros] of [user, system, user + system].entries()) (registry.getSingleMetric(CPU_COUNTERS[index] as string) as Counter).inc(micros / 1e6);
  for (const name of DELAY_GAUGES) ignoreUnknown(registry.getSingleMetric(name) as Gauge);
}

/** At the first scrape there are no delays yet; prom-client would set NaN. */
function ignoreUnknown(gauge: Gauge): void {
  const set = gauge.set.bind(gauge) as (labels: object, value: number) => void;
  Object.assign(gauge, {
    set(labels: object, value: number) {
      if (value < LONGEST_DELAY_SECONDS) set(labels, value);
    },
  });
}
