import { Histogram } from 'prom-client';
import { OTHER, type Registered } from './meters.ts';

/** Seconds. OpenSRF's fastest methods take a fraction of a millisecond, its slowest a minute. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A service has a series for each outcome, and each of them a line for each bucket. */
const LINES_OF_SERVICE = 20;

/**
 * How long requests took, by service and outcome. Any client may register any name and request it, so the metric drops the series of a service that has gone,
 * and counts a service beyond the limit among the others.
 */
export class LatencyMetric {
  private readonly histogram: Histogram<'service' | 'outcome'>;
  private readonly isThere: (service: string) => boolean;
  private readonly maxServices: number;
  /** The outcomes of each service that has series. */
  private readonly services = new Map<string, Set<string>>();

  /** @param isThere Whether a service is registered. @param maxSeries See the limit `metricSeries`. */
  constructor(registry: Registered, prefix: string, isThere: (service: string) => boolean, maxSeries: number) {
    this.isThere = isThere;
    this.maxServices = Math.max(1, Math.floor(maxSeries / LINES_OF_SERVICE));
    const forget = () => this.forgetGone();
    this.histogram = new Histogram({
      name: `${prefix}request_duration_seconds`,
      help: 'From a request to the end of its answer, of the requests that the trace has observed',
      labelNames: ['service', 'outcome'],
      buckets: BUCKETS,
      registers: [registry],
      collect: forget,
    });
  }

  observe(service: string, outcome: string, seconds: number): void {
    const name = this.seriesOf(service);
    this.outcomes(name).add(outcome);
    this.histogram.observe({ service: name, outcome }, seconds);
  }

  private seriesOf(service: string): string {
    if (!this.isThere(service)) return '';
    if (this.services.has(service)) return service;
    if (this.services.size >= this.maxServices) this.forgetGone();
    return this.services.size < this.maxServices ? service : OTHER;
  }

  private outcomes(name: string): Set<string> {
    const known = this.services.get(name);
    if (known !== undefined) return known;
    const outcomes = new Set<string>();
    this.services.set(name, outcomes);
    return outcomes;
  }

  private forgetGone(): void {
    for (const [service, outcomes] of this.services) {
      if (service === '' || service === OTHER || this.isThere(service)) continue;
      for (const outcome of outcomes) this.histogram.remove({ service, outcome });
      this.services.delete(service);
    }
  }
}
