import type { ChopChop } from '../compose/chopchop.ts';
import type { Route } from './http.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Trace } from './trace/trace.ts';
import type { TraceSummary } from './trace/trace-entry.ts';

/** The metrics, from the first time that somebody asks for them on: nobody else waits for their library, or pays for its histograms. */
export class LazyMetrics {
  private readonly server: ChopChop;
  private readonly trace: Trace;
  private metrics: Metrics | null = null;

  constructor(server: ChopChop, trace: Trace) {
    this.server = server;
    this.trace = trace;
  }

  /** A request is over. */
  ended(summary: TraceSummary): void {
    this.metrics?.ended(summary);
  }

  routes(): Route[] {
    return [
      {
        method: 'GET',
        path: '/metrics',
        handle: async () => {
          const { Metrics } = await import('./metrics/metrics.ts');
          this.metrics ??= new Metrics(this.server, this.trace);
          return { kind: 'content', status: 200, type: this.metrics.contentType, content: await this.metrics.text() };
        },
      },
    ];
  }
}
