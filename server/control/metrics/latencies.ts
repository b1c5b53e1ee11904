import type { EndedRequest } from '../trace/ended-request.ts';
import type { Outcome } from '../trace/outcome.ts';
import { Histogram } from './histogram.ts';

/** The numbers of requests by outcome. */
export interface OutcomeCounts {
  readonly ok: number;
  /** The service answered with a status of 300 or more. */
  readonly failed: number;
  /** The router refused it. */
  readonly refused: number;
  /** Without a complete answer. */
  readonly lost: number;
  /** Not observed to its end; no outcome. */
  readonly unseen: number;
}

/** The requests of one method since the start. Durations are milliseconds, of all requests with an outcome. */
export interface MethodReport extends OutcomeCounts {
  /** {@link OTHER_METHODS} with an empty method: the sum of all methods beyond the limit. */
  readonly service: string;
  readonly method: string;
  /** The sum of the counts. */
  readonly requests: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The most methods; beyond it the least recently called one is counted among the others. */
const MAX_METHODS = 500;

/** Cut longer names: a peer may send megabytes. */
const MAX_NAME_LENGTH = 200;

/** The service name of the methods beyond the limit. */
export const OTHER_METHODS = '(other methods)';

/** Counts and durations of all ended requests, by service and method. */
export class Latencies {
  private readonly methods = new Map<string, MethodCounts>();
  private readonly others = new MethodCounts(OTHER_METHODS, '');
  private calls = 0;

  add({ type, service, method, outcome, durationMs }: EndedRequest): void {
    if (type === 'CONNECT') return;
    const [shortService, shortMethod] = [service.slice(0, MAX_NAME_LENGTH), method.slice(0, MAX_NAME_LENGTH)];
    const key = `${shortService}\n${shortMethod}`;
    const known = this.methods.get(key);
    const counts = known ?? new MethodCounts(shortService, shortMethod);
    counts.calledAt = ++this.calls;
    counts.add(outcome, durationMs);
    if (known !== undefined) return;
    this.methods.set(key, counts);
    if (this.methods.size > MAX_METHODS) this.foldOldest();
  }

  /** Most frequent first. */
  reports(): MethodReport[] {
    const all = [...this.methods.values(), this.others].map((counts) => counts.report()).filter(({ requests }) => requests > 0);
    return all.sort((a, b) => b.requests - a.requests);
  }

  /** The same by service, with an empty method. */
  serviceReports(): MethodReport[] {
    const services = new Map<string, MethodCounts>();
    for (const counts of [...this.methods.values(), this.others]) {
      const sum = services.get(counts.service) ?? new MethodCounts(counts.service, '');
      services.set(counts.service, sum);
      sum.addAll(counts);
    }
    return Array.from(services.values(), (counts) => counts.report()).filter(({ requests }) => requests > 0);
  }

  private foldOldest(): void {
    const oldest = [...this.methods].reduce((one, other) => (other[1].calledAt < one[1].calledAt ? other : one));
    this.methods.delete(oldest[0]);
    this.others.addAll(oldest[1]);
  }
}

class MethodCounts {
  readonly service: string;
  private readonly method: string;
  /** The number of its last call among those of all methods. */
  calledAt = 0;
  private readonly durations = new Histogram();
  private readonly outcomes = { ok: 0, failed: 0, refused: 0, lost: 0, unseen: 0 };

  constructor(service: string, method: string) {
    this.service = service;
    this.method = method;
  }

  add(outcome: Outcome, durationMs: number): void {
    if (outcome === 'open') return;
    this.outcomes[outcome]++;
    if (outcome !== 'unseen') this.durations.add(durationMs);
  }

  addAll({ outcomes, durations }: MethodCounts): void {
    this.durations.addAll(durations);
    for (const outcome of ['ok', 'failed', 'refused', 'lost', 'unseen'] as const) this.outcomes[outcome] += outcomes[outcome];
  }

  report(): MethodReport {
    const { service, method, durations, outcomes } = this;
    return {
      service,
      method,
      requests: durations.count + outcomes.unseen,
      ...outcomes,
      p50Ms: durations.percentile(50),
      p95Ms: durations.percentile(95),
      p99Ms: durations.percentile(99),
      maxMs: durations.longestMs,
    };
  }
}
