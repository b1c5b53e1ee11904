import { Counter, Gauge, type Registry } from 'prom-client';
import type { Guard } from '../../kernel/guard.ts';

export type Labels = Readonly<Record<string, string | number>>;
/** The series of a metric. */
export type Values = Iterable<readonly [labels: Labels, value: number]>;
export type Registered = Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>;

/** The value of all labels of the series for the sum beyond the limit. */
export const OTHER = 'other';

/** Cut longer labels: a peer may register a name of a thousand characters. */
const MAX_LABEL_LENGTH = 200;

/** The dependencies of {@link Meters}. */
export interface MetersOptions {
  readonly registry: Registered;
  readonly prefix: string;
  /** Reports the failure of one metric; the others stay intact. */
  readonly guard: Guard;
  /** The limit for each metric. */
  readonly maxSeries: number;
}

/** Adds metrics whose values the server reads at each scrape. Each has a bounded number of series, plus one for the sum of the rest. */
export class Meters {
  private readonly options: MetersOptions;

  constructor(options: MetersOptions) {
    this.options = options;
  }

  counter(name: string, help: string, labelNames: string[], values: () => Values): void {
    const { registry, prefix } = this.options;
    const read = (add: Add) => this.read(labelNames, values, add);
    new Counter({
      name: `${prefix}${name}_total`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }

  gauge(name: string, help: string, labelNames: string[], values: () => Values): void {
    const { registry, prefix } = this.options;
    const read = (add: Add) => this.read(labelNames, values, add);
    new Gauge({
      name: prefix + name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value));
      },
    });
  }

  private read(labelNames: readonly string[], values: () => Values, add: Add): void {
    const { guard, maxSeries } = this.options;
    guard.run(() => {
      let series = 0;
      let others = 0;
      for (const [labels, value] of values()) {
        if (series++ < maxSeries) add(shortened(labels), value);
        else others += value;
      }
      if (series > maxSeries) add(Object.fromEntries(labelNames.map((name) => [name, OTHER])), others);
    });
  }
}

type Add = (labels: Labels, value: number) => void;

function shortened(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value).slice(0, MAX_LABEL_LENGTH)]));
}
