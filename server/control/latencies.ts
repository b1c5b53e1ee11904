import type { TraceSummary } from './trace/trace-entry.ts';

/** The latest durations of one method, in milliseconds. */
export interface MethodReport {
  readonly service: string;
  readonly method: string;
  /** Observed requests since the start. */
  readonly requests: number;
  /** Observed requests without a complete answer. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The number of durations kept per method. */
const KEPT = 256;

/** The most methods; beyond it the least recently called one is forgotten. */
const MAX_METHODS = 500;

/** The durations of the latest requests, by service and method. */
export class Latencies {
  private readonly methods = new Map<string, MethodDurations>();

  add(summary: TraceSummary): void {
    if (summary.type === 'CONNECT' || summary.durationMs === null) return;
    const key = `${summary.service}\n${summary.method}`;
    const durations = this.methods.get(key) ?? new MethodDurations(summary.service, summary.method);
    // The most recently called method is the last.
    this.methods.delete(key);
    this.methods.set(key, durations);
    durations.add(summary.durationMs, summary.state !== 'complete');
    if (this.methods.size <= MAX_METHODS) return;
    for (const oldest of this.methods.keys()) {
      this.methods.delete(oldest);
      return;
    }
  }

  reports(): MethodReport[] {
    return Array.from(this.methods.values(), (durations) => durations.report()).sort((a, b) => b.requests - a.requests);
  }
}

class MethodDurations {
  private readonly service: string;
  private readonly method: string;
  private readonly durations: number[] = [];
  private requests = 0;
  private failed = 0;

  constructor(service: string, method: string) {
    this.service = service;
    this.method = method;
  }

  add(durationMs: number, failed: boolean): void {
    this.durations[this.requests % KEPT] = durationMs;
    this.requests++;
    if (failed) this.failed++;
  }

  report(): MethodReport {
    const { service, method, requests, failed } = this;
    const [p50Ms, p95Ms, p99Ms, maxMs] = percentiles(this.durations, [50, 95, 99, 100]) as [number, number, number, number];
    return { service, method, requests, failed, p50Ms, p95Ms, p99Ms, maxMs };
  }
}

/** The percentiles by nearest rank; 0 without numbers. */
export function percentiles(numbers: readonly number[], percents: readonly number[]): number[] {
  const sorted = [...numbers].sort((a, b) => a - b);
  return percents.map((percent) => sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0);
}
