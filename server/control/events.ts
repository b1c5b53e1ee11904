import type { ServerResponse } from 'node:http';
import type { JobRunner } from '../../shared/job.ts';
import { writeJson } from '../../shared/osrf/json.ts';
import type { ServerClock } from '../kernel/clock.ts';
import { sliced } from '../kernel/slices.ts';
import type { HealthSample } from './health.ts';
import { problem, type Reply, type Route } from './http.ts';
import type { TraceBatch } from './trace/batch.ts';
import { TraceFilter } from './trace/filter.ts';
import type { Trace } from './trace/trace.ts';

/** The sources of live events. */
export interface LiveSources {
  readonly trace: Trace;
  readonly jobs: JobRunner;
  readonly clock: ServerClock;
  /** @param takenOut See {@link Trace.watch}. @returns A function that unsubscribes. */
  watchHealth(watcher: (sample: HealthSample) => void, takenOut: () => void): () => void;
}

/** The most unread bytes of a listener; beyond it the server drops events and counts them. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** The most batches held while the history is searched. */
const MAX_EARLY = 20;

/** The interval of keep-alive comments, by which either side notices a lost connection. */
const KEEPALIVE_MS = 15_000;

export function eventRoutes(sources: LiveSources): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/events',
      handle: ({ query }): Reply => {
        const filter = TraceFilter.parse(query);
        if (typeof filter === 'string') return problem(400, filter);
        const past = Number(query.get('past') ?? 0);
        if (!Number.isInteger(past) || past < 0) return problem(400, 'past must be a whole number');
        return { kind: 'stream', type: 'text/event-stream', start: (response) => startStream(response, new EventStream(response, filter, sources), past) };
      },
    },
  ];
}

function startStream(response: ServerResponse, stream: EventStream, past: number): void {
  // The search has failed, and the caller asks again.
  stream.start(past).catch(() => response.destroy());
}

/** The event stream of one listener: server-sent events (HTML Living Standard §9.2). */
class EventStream {
  private readonly response: ServerResponse;
  private readonly filter: TraceFilter;
  private readonly sources: LiveSources;
  private leftOut = 0;
  /** Events held while the history is searched; null: the history has been sent. */
  private early: TraceBatch[] | null = [];

  constructor(response: ServerResponse, filter: TraceFilter, sources: LiveSources) {
    this.response = response;
    this.filter = filter;
    this.sources = sources;
  }

  /** @param past How many remembered requests to send first, oldest first. */
  async start(past: number): Promise<void> {
    this.watch();
    const found = past === 0 ? [] : await sliced(this.sources.jobs, this.sources.trace.search(this.filter, past));
    this.tell({ requests: found.map(({ summary }) => summary).reverse(), steps: [], came: [], left: [] });
    const { early } = this;
    this.early = null;
    for (const batch of early ?? []) this.happened(batch);
  }

  private watch(): void {
    const { response, sources } = this;
    const hangUp = () => void response.destroy();
    const ends = [
      sources.trace.watch({ happened: (batch) => this.happened(batch) }, hangUp),
      sources.watchHealth((sample) => this.send('health', sample), hangUp),
    ];
    const keepalive = sources.clock.every(KEEPALIVE_MS, () => this.response.write(':\n\n'));
    response.once('close', () => {
      keepalive.cancel();
      for (const end of ends) end();
    });
  }

  private happened(batch: TraceBatch): void {
    if (this.early !== null) {
      this.keep(this.early, batch);
      return;
    }
    const { trace } = this.sources;
    const detailOf = (id: number) => (this.filter.looksInside ? (trace.get(id)?.detail ?? null) : null);
    const requests = batch.requests.filter((summary) => this.filter.matches(summary, detailOf(summary.id)));
    this.tell({ ...batch, requests });
  }

  private keep(early: TraceBatch[], batch: TraceBatch): void {
    if (early.length < MAX_EARLY) early.push(batch);
    else this.leftOut++;
  }

  private tell(batch: TraceBatch): void {
    this.send('trace', { ...batch, unseen: this.sources.trace.unseen, leftOut: this.leftOut });
  }

  private send(event: string, value: unknown): void {
    if (this.response.writableLength > MAX_WAITING_BYTES) {
      this.leftOut++;
      return;
    }
    const json = writeJson(value);
    if (json === undefined) this.leftOut++;
    else this.response.write(`event: ${event}\ndata: ${json}\n\n`);
  }
}
