import type { Timer } from '../../../shared/clock.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import type { Exchange } from '../../conversations/exchange.ts';
import type { UnaskedKind } from '../../conversations/exchange-tap.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import { Watchers } from '../../kernel/watchers.ts';
import type { Session } from '../../sessions/session.ts';
import { BatchCollector, type TraceBatch } from './batch.ts';
import type { TraceFilter } from './filter.ts';
import { FollowedTraffic, type TrafficObserver } from './followed-traffic.ts';
import { type RingLimits, TraceRing } from './ring.ts';
import { shortened, type TraceEntry, type TraceStep } from './trace-entry.ts';
import { TracedRequest } from './traced-request.ts';
import type { TracedServer } from './traced-server.ts';

/** Watches the trace. */
export interface TraceWatcher {
  happened(batch: TraceBatch): void;
}

/** Called with the stanzas of requests, and with requests that have ended. */
export interface TraceListener {
  stanzaSeen(step: TraceStep): void;
  requestEnded(request: TracedRequest): void;
}

/**
 * The interval at which the trace reads the queue, and sends events to watchers. Each push wakes a browser and costs a millisecond of CPU in the server;
 * with the one of each health sample there are three a second.
 */
const BATCH_MS = 350;
/** The same after a pause, so that a single request shows at once. */
const SOON_MS = 100;

/** Remembers the latest requests, and sends events to watchers. */
export class Trace implements TrafficObserver {
  private readonly ring: TraceRing;
  private readonly batch = new BatchCollector();
  private readonly watchers: Watchers<[TraceBatch]>;
  /** The open requests, in order of their beginning. */
  private readonly open = new Map<Exchange, TracedRequest>();
  private readonly server: TracedServer;
  private readonly traffic: FollowedTraffic;
  private readonly listener: TraceListener;
  private count = 0;
  private timer: Timer | null = null;
  private publishedAt = Number.NEGATIVE_INFINITY;
  private lastAnswer: Stanza | null = null;
  private lastAnswered: Exchange | null = null;

  /** @param limits The limits of ended requests. */
  constructor(server: TracedServer, listener: TraceListener, limits: RingLimits) {
    this.ring = new TraceRing(limits);
    this.server = server;
    this.listener = listener;
    this.watchers = new Watchers(server.guards, 'trace watcher');
    this.traffic = new FollowedTraffic(server, this);
    this.traffic.start();
  }

  /** The unobserved stanzas, beyond the allowance. */
  get unseen(): number {
    return this.traffic.unseenStanzas;
  }

  /** The unobserved requests handed to listeners. */
  get unseenRequests(): number {
    return this.traffic.unseenRequests;
  }

  stop(): void {
    this.traffic.stop();
    this.timer?.cancel();
  }

  /** Reads the queue now, and sends the events to the watchers. */
  publish(): void {
    this.timer?.cancel();
    this.timer = null;
    this.publishedAt = SYSTEM_TIME.now();
    this.update();
    const batch = this.batch.take(SYSTEM_TIME.wallTime());
    if (batch !== null) this.watchers.call(batch);
  }

  /** Reads the queue now. */
  update(): void {
    if (!this.traffic.readQueue()) this.begun();
    this.forgetLastAnswer();
  }

  /** @param takenOut Called when the guard removes the watcher for repeated failures. @returns A function that unsubscribes. */
  watch(watcher: TraceWatcher, takenOut: () => void): () => void {
    return this.watchers.add((batch) => watcher.happened(batch), takenOut);
  }

  /** The open and ended requests that match, newest first. Yields after each one. */
  *search(filter: TraceFilter, limit: number): Generator<void, TraceEntry[], void> {
    this.update();
    const found: TraceEntry[] = [];
    const now = SYSTEM_TIME.wallTime();
    const all = [...this.open.values(), ...this.ring.newestFirst()].sort((a, b) => b.id - a.id);
    for (const request of all) {
      if (found.length === limit) break;
      const entry = request.entry(now, this.server.protect());
      if (filter.matches(entry.summary, entry.detail)) found.push(entry);
      yield;
    }
    return found;
  }

  /** An open or past request, or undefined. */
  get(id: number): TraceEntry | undefined {
    const request = this.ring.get(id) ?? [...this.open.values()].find((one) => one.id === id);
    return request?.entry(SYSTEM_TIME.wallTime(), this.server.protect());
  }

  /** Forgets past requests. */
  clear(): void {
    this.update();
    this.ring.clear();
  }

  begun(): void {
    if (this.timer !== null) return;
    const isSteady = SYSTEM_TIME.now() - this.publishedAt < BATCH_MS;
    this.timer = this.server.clock.after(isSteady ? BATCH_MS : SOON_MS, () => this.publish());
  }

  asked(exchange: Exchange, stanza: Stanza): void {
    const request = new TracedRequest(++this.count, exchange);
    this.open.set(exchange, request);
    this.seen(request, request.asked(stanza));
  }

  handed(exchange: Exchange): void {
    const request = this.open.get(exchange);
    if (request !== undefined) this.seen(request, request.handed());
  }

  answered(exchange: Exchange, stanza: Stanza, at: number): void {
    // Called once for each message in a stanza.
    if (stanza === this.lastAnswer && exchange === this.lastAnswered) return;
    this.lastAnswer = stanza;
    this.lastAnswered = exchange;
    const request = this.open.get(exchange);
    if (request !== undefined) this.seen(request, request.answered(stanza, at));
  }

  ended(exchange: Exchange): void {
    const request = this.open.get(exchange);
    if (request === undefined) return;
    const { routers } = this.server;
    this.open.delete(exchange);
    request.ended(routers, this.server.faultOf(exchange), this.server.protect());
    this.ring.add(request);
    if (exchange === this.lastAnswered) this.forgetLastAnswer();
    this.listener.requestEnded(request);
    if (this.isWatched) this.batch.ended(request);
  }

  unasked(kind: UnaskedKind, client: string, thread: string, stanza: Stanza, at: number): void {
    // Called for each message in it.
    if (stanza === this.lastAnswer) return;
    this.lastAnswer = stanza;
    const { from, length } = stanza;
    this.ring.addStep(client, thread, this.traffic.sightSince, { at, kind, from: shortened(from), to: shortened(client), length });
  }

  sessionBound({ jid }: Session): void {
    if (this.isWatched) this.batch.sessionBound(jid);
  }

  sessionEnded({ jid }: Session): void {
    if (this.isWatched) this.batch.sessionEnded(jid);
  }

  private seen(request: TracedRequest, step: TraceStep): void {
    this.listener.stanzaSeen(step);
    if (this.isWatched) this.batch.step(request, step);
  }

  private forgetLastAnswer(): void {
    this.lastAnswer = null;
    this.lastAnswered = null;
  }

  private get isWatched(): boolean {
    return this.watchers.size > 0;
  }
}
