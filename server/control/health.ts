import { getHeapStatistics } from 'node:v8';
import type { Timer } from '../../shared/clock.ts';
import type { ClusterReport } from '../cluster/cluster-report.ts';
import type { ChopChop } from '../compose/chopchop.ts';
import type { PeerFacts } from '../federation/federation.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { Watchers } from '../kernel/watchers.ts';
import { json, problem, type Route } from './http.ts';
import { LoopDelay } from './loop-delay.ts';
import { Histogram } from './metrics/histogram.ts';
import { History, RANGES } from './metrics/history.ts';
import { Latencies, type MethodReport } from './metrics/latencies.ts';
import type { Load, LoadReport } from './metrics/load.ts';
import { type LimitReport, NearLimits } from './near-limits.ts';
import type { EndedRequest } from './trace/ended-request.ts';
import { isFailure } from './trace/outcome.ts';
import type { Trace } from './trace/trace.ts';

/** One second of the server's life. */
export interface HealthSample {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Requests handed to listeners. */
  readonly requests: number;
  /** Stanzas read from all sessions. */
  readonly stanzas: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Requests that failed, were refused or got lost. */
  readonly failed: number;
  /** Requests that the trace did not observe, or not to their end: no outcome. */
  readonly unseen: number;
  /** Durations of the requests that ended; 0 without any. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly sessions: number;
  readonly unanswered: number;
  /** Unread bytes of all peers. */
  readonly outboxBytes: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** The longest delay of the event loop in this second. */
  readonly loopDelayMs: number;
  /** The longest turn of the event loop with input or output. */
  readonly longestTurnMs: number;
  /** Long jobs that wait for their next slice. */
  readonly waitingJobs: number;
  /** Percent of one core. */
  readonly cpuPercent: number;
}

/** The answer to `GET /api/v1/health`. */
export interface HealthReport {
  readonly samples: readonly HealthSample[];
  readonly methods: readonly MethodReport[];
  /** The sums of the methods by service. */
  readonly services: readonly MethodReport[];
  /** What the trace did not observe since the start, because there was too much of it; `methods` lacks these requests. */
  readonly notObserved: { readonly requests: number; readonly stanzas: number };
  readonly limits: readonly LimitReport[];
  readonly load: LoadReport;
  /** The peer servers. */
  readonly peers: readonly PeerFacts[];
  /** Null: the server is no member of a cluster. */
  readonly cluster: ClusterReport | null;
}

const SAMPLE_MS = 1_000;

/** The delays of the event loop are measured closely for so long after a report: a page that shows them asks for one every two seconds. */
const SHOWN_MS = 5_000;

/** Of these a longer sample has the highest. */
const PEAKS = ['p50Ms', 'p95Ms', 'unanswered', 'outboxBytes', 'loopDelayMs', 'longestTurnMs', 'waitingJobs'] as const;

/** Samples the server every second. */
export class Health {
  readonly latencies = new Latencies();
  readonly limits: NearLimits;
  private readonly server: ChopChop;
  private readonly load: Load;
  private readonly trace: Trace;
  private readonly history = new History<HealthSample>(PEAKS);
  private readonly watchers: Watchers<[HealthSample]>;
  private readonly loopDelay: LoopDelay;
  private readonly timer: Timer;
  private before: Totals;
  private durations = new Histogram();
  private failed = 0;
  private unseen = 0;
  private lastRssBytes = 0;
  private reportedAt = Number.NEGATIVE_INFINITY;

  constructor(server: ChopChop, load: Load, trace: Trace) {
    this.server = server;
    this.trace = trace;
    this.load = load;
    this.limits = new NearLimits(server);
    this.before = totalsOf(server, trace);
    this.watchers = new Watchers(server.guards, 'health watcher');
    this.loopDelay = new LoopDelay(server.clock);
    this.timer = server.clock.every(SAMPLE_MS, () => this.sample());
  }

  stop(): void {
    this.timer.cancel();
    this.loopDelay.stop();
  }

  /** Counts a request that has ended. */
  ended(request: EndedRequest): void {
    this.latencies.add(request);
    if (request.type === 'CONNECT') return;
    if (request.outcome === 'unseen') this.unseen++;
    else this.durations.add(request.durationMs);
    if (isFailure(request.outcome)) this.failed++;
  }

  /** @param takenOut Called when the guard removes the watcher for repeated failures. @returns A function that unsubscribes. */
  watch(watcher: (sample: HealthSample) => void, takenOut: () => void): () => void {
    return this.watchers.add(watcher, takenOut);
  }

  /** The sums of all requests so far, by service. */
  serviceReports(): MethodReport[] {
    this.trace.update();
    return this.latencies.serviceReports();
  }

  routes(): Route[] {
    return [
      {
        method: 'GET',
        path: '/api/v1/health',
        handle: ({ query }) => {
          const range = query.get('range') ?? '5m';
          if (range === 'none') return json(this.report([]));
          const known = RANGES.find((one) => one === range);
          return known === undefined
            ? problem(400, `range: "${range}" is not one of ${RANGES.join(', ')}, none`)
            : json(this.report(this.history.samples(known)));
        },
      },
    ];
  }

  private report(samples: readonly HealthSample[]): HealthReport {
    this.trace.update();
    this.reportedAt = SYSTEM_TIME.now();
    this.loopDelay.watched = true;
    const { latencies, limits, load, trace } = this;
    const notObserved = { requests: trace.unseenRequests, stanzas: trace.unseen };
    return {
      samples,
      methods: latencies.reports(),
      services: latencies.serviceReports(),
      notObserved,
      limits: limits.reports(),
      load: load.report(),
      peers: this.server.federation?.peers ?? [],
      cluster: this.server.clusterReport,
    };
  }

  private sample(): void {
    // In the turn of the sample, so that a browser gets both in one write.
    this.trace.publish();
    const now = totalsOf(this.server, this.trace);
    const sample = this.sampleBetween(this.before, now);
    this.before = now;
    this.durations = new Histogram();
    this.failed = 0;
    this.unseen = 0;
    this.limits.look();
    this.loopDelay.watched = now.now - this.reportedAt < SHOWN_MS;
    this.history.add(sample);
    this.watchers.call(sample);
  }

  /** Takes a quarter of the time of process.memoryUsage(). Node reads it from a file; the value stays if the process can open no more files. */
  private rssBytes(): number {
    try {
      this.lastRssBytes = process.memoryUsage.rss();
    } catch {
      // EMFILE or ENFILE.
    }
    return this.lastRssBytes;
  }

  private sampleBetween(before: Totals, now: Totals): HealthSample {
    const seconds = (now.now - before.now) / 1000;
    const rate = (key: 'requests' | 'stanzas' | 'bytesRead' | 'bytesWritten') => Math.max(0, Math.round((now[key] - before[key]) / seconds));
    return {
      at: now.at,
      requests: rate('requests'),
      stanzas: rate('stanzas'),
      bytesRead: rate('bytesRead'),
      bytesWritten: rate('bytesWritten'),
      failed: this.failed,
      unseen: this.unseen + Math.max(0, now.unseenRequests - before.unseenRequests),
      p50Ms: this.durations.percentile(50),
      p95Ms: this.durations.percentile(95),
      sessions: this.server.sessions.size,
      unanswered: this.server.unanswered.size,
      outboxBytes: now.outboxBytes,
      rssBytes: this.rssBytes(),
      heapBytes: getHeapStatistics().used_heap_size,
      loopDelayMs: this.loopDelay.takeLongest(),
      longestTurnMs: this.server.turn.takeLongestMs(),
      waitingJobs: this.server.jobs.size,
      cpuPercent: Math.round((now.cpuMs - before.cpuMs) / seconds / 10),
    };
  }
}

interface Totals {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly requests: number;
  readonly unseenRequests: number;
  readonly stanzas: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly outboxBytes: number;
  readonly cpuMs: number;
}

function totalsOf(server: ChopChop, trace: Trace): Totals {
  const { stanzasRead, bytesRead, bytesWritten } = server.traffic();
  let outboxBytes = 0;
  for (const { link } of server.sessions) outboxBytes += link.outboxBytes;
  const { user, system } = process.cpuUsage();
  return {
    at: SYSTEM_TIME.wallTime(),
    now: SYSTEM_TIME.now(),
    requests: server.requestsRouted,
    unseenRequests: trace.unseenRequests,
    stanzas: stanzasRead,
    bytesRead,
    bytesWritten,
    outboxBytes,
    cpuMs: (user + system) / 1000,
  };
}
