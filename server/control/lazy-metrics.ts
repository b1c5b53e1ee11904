import type { ChopChop } from '../compose/chopchop.ts';
import type { Route } from './http.ts';
import { EXPOSITION_TYPES, expositionFor } from './metrics/exposition.ts';
import type { Load } from './metrics/load.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { EndedRequest } from './trace/ended-request.ts';
import type { Trace } from './trace/trace.ts';

/** The metrics, loaded with the first scrape: a server without one neither loads their library nor keeps its histograms. */
export class LazyMetrics {
  private readonly server: ChopChop;
  private readonly trace: Trace;
  private readonly load: Load;
  private metrics: Metrics | null = null;

  constructor(server: ChopChop, trace: Trace, load: Load) {
    this.server = server;
    this.trace = trace;
    this.load = load;
  }

  /** A request is over. */
  ended(request: EndedRequest): void {
    this.metrics?.ended(request);
  }

  routes(): Route[] {
    return [
      {
        method: 'GET',
        path: '/metrics',
        handle: async ({ accept }) => {
          const { Metrics } = await import('./metrics/metrics.ts');
          this.metrics ??= new Metrics(this.server, this.trace, this.load);
          const exposition = expositionFor(accept);
          return { kind: 'content', status: 200, type: EXPOSITION_TYPES[exposition], content: await this.metrics.text(exposition) };
        },
      },
    ];
  }
}
