import type { TraceSummary } from './trace/trace-entry.ts';

/** How long the requests for one method took lately. Milliseconds. */
export interface MethodReport {
  readonly service: string;
  readonly method: string;
  /** Looked at since the start… */
  readonly requests: number;
  /** …and those of them that had no whole answer. */
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** So many of the last durations are kept for one method. */
const KEPT = 256;

/** So many methods; the one that was not called for longest is forgotten first. */
const MAX_METHODS = 500;

/** The durations of what was asked for lately, by service and method. */
export class Latencies {
  private readonly methods = new Map<string, MethodDurations>();

  add(summary: TraceSummary): void {
    if (summary.type === 'CONNECT' || summary.durationMs === null) return;
    const key = `${summary.service}\n${summary.method}`;
    const durations = this.methods.get(key) ?? new MethodDurations(summary.service, summary.method);
    // Behind all others again.
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

/** The smallest number that so many percent of them do not exceed; 0 where there are none. */
export function percentiles(numbers: readonly number[], percents: readonly number[]): number[] {
  const sorted = [...numbers].sort((a, b) => a - b);
  return percents.map((percent) => sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0);
}
