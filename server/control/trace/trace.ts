import type { Timer } from '../../../shared/clock.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import type { ExchangeLimits } from '../../conversations/bounded-exchanges.ts';
import type { Exchange } from '../../conversations/exchange.ts';
import type { ExchangeObserver, UnaskedKind } from '../../conversations/exchange-tap.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import { Watchers } from '../../kernel/watchers.ts';
import type { Session } from '../../sessions/session.ts';
import { BatchCollector, type TraceBatch } from './batch.ts';
import { Budget } from './budget.ts';
import { BudgetedTap, type SessionObserver, type TracedServer } from './budgeted-tap.ts';
import type { TraceFilter } from './filter.ts';
import { Recording } from './recording.ts';
import { TraceRing } from './ring.ts';
import { shortened, type TraceEntry, type TraceStep, type TraceSummary } from './trace-entry.ts';

/** Watches the trace. */
export interface TraceWatcher {
  happened(batch: TraceBatch): void;
}

/** Called with observed stanzas and requests. */
export interface TraceListener {
  stanzaSeen(step: TraceStep): void;
  requestEnded(summary: TraceSummary): void;
}

/** The time budget of observation, without and with watchers. */
const MS_PER_SECOND = { unwatched: 5, watched: 40 } as const;

/** The interval of batches for watchers. */
const BATCH_MS = 100;

/** Remembers the latest requests, and sends events to watchers. */
export class Trace implements ExchangeObserver, SessionObserver {
  private readonly ring: TraceRing;
  private readonly budget = new Budget(MS_PER_SECOND.unwatched, SYSTEM_TIME.now());
  private readonly batch = new BatchCollector();
  private readonly watchers: Watchers<[TraceBatch]>;
  /** The open requests, in order of their beginning. */
  private readonly open = new Map<Exchange, Recording>();
  private readonly server: TracedServer;
  private readonly tap: BudgetedTap;
  private readonly listener: TraceListener;
  private count = 0;
  private timer: Timer | null = null;
  private lastAnswer: Stanza | null = null;
  private lastAnswered: Exchange | null = null;

  /** @param limits The limits of ended requests. */
  constructor(server: TracedServer, listener: TraceListener, limits: ExchangeLimits) {
    this.ring = new TraceRing(limits);
    this.server = server;
    this.listener = listener;
    this.watchers = new Watchers(server.guards, 'trace watcher');
    this.tap = new BudgetedTap(server, this.budget, this, () => this.schedule());
    this.tap.start();
  }

  /** Stanzas that were not observed because of high load. */
  get unseen(): number {
    return this.tap.unseen;
  }

  stop(): void {
    this.tap.stop();
    this.timer?.cancel();
  }

  /** @param takenOut Called when the guard removes the watcher for repeated failures. @returns A function that unsubscribes. */
  watch(watcher: TraceWatcher, takenOut: () => void): () => void {
    const end = this.watchers.add((batch) => watcher.happened(batch), takenOut);
    this.budget.msPerSecond = MS_PER_SECOND.watched;
    return () => {
      end();
      if (this.watchers.size === 0) this.budget.msPerSecond = MS_PER_SECOND.unwatched;
    };
  }

  /** The open and ended requests that match, newest first. Yields after each one. */
  *search(filter: TraceFilter, limit: number): Generator<void, TraceEntry[], void> {
    const found: TraceEntry[] = [];
    for (const recording of [...this.open.values()].reverse()) {
      if (found.length === limit) break;
      const entry = recording.entry(this.server.protect());
      if (filter.matches(entry.summary, entry.detail)) found.push(entry);
      yield;
    }
    found.push(...(yield* this.ring.search(filter, limit)));
    return found.sort((a, b) => b.summary.id - a.summary.id).slice(0, limit);
  }

  /** An open or past request, or undefined. */
  get(id: number): TraceEntry | undefined {
    const recording = [...this.open.values()].find((one) => one.id === id);
    return recording?.entry(this.server.protect()) ?? this.ring.get(id);
  }

  /** Forgets past requests. */
  clear(): void {
    this.ring.clear();
  }

  asked(exchange: Exchange, stanza: Stanza): void {
    const recording = new Recording(++this.count, exchange);
    this.open.set(exchange, recording);
    this.seen(recording, recording.asked(stanza));
  }

  handed(exchange: Exchange): void {
    const recording = this.open.get(exchange);
    if (recording !== undefined) this.seen(recording, recording.handed());
  }

  answered(exchange: Exchange, stanza: Stanza): void {
    // Called once for each message in a stanza.
    if (stanza === this.lastAnswer && exchange === this.lastAnswered) return;
    this.lastAnswer = stanza;
    this.lastAnswered = exchange;
    const recording = this.open.get(exchange);
    if (recording !== undefined) this.seen(recording, recording.answered(stanza, exchange.epoch + SYSTEM_TIME.now()));
  }

  ended(exchange: Exchange): void {
    const recording = this.open.get(exchange);
    if (recording === undefined) return;
    this.open.delete(exchange);
    const entry = recording.entry(this.server.protect());
    this.ring.add(entry);
    if (exchange === this.lastAnswered) this.forgetLastAnswer();
    this.listener.requestEnded(entry.summary);
    if (!this.isWatched) return;
    this.batch.ended(recording);
    this.schedule();
  }

  unasked(kind: UnaskedKind, client: string, thread: string, stanza: Stanza): void {
    // Called for each message in it.
    if (stanza === this.lastAnswer) return;
    this.lastAnswer = stanza;
    this.schedule();
    const { from, length } = stanza;
    const [shortClient, shortThread] = [shortened(client), shortened(thread)];
    this.ring.addStep(shortClient, shortThread, { at: SYSTEM_TIME.wallTime(), kind, from: shortened(from), to: shortClient, length });
  }

  sessionBound({ jid }: Session): void {
    if (!this.isWatched) return;
    this.batch.sessionBound(jid);
    this.schedule();
  }

  sessionEnded({ jid }: Session): void {
    if (!this.isWatched) return;
    this.batch.sessionEnded(jid);
    this.schedule();
  }

  lostSight(): void {
    for (const exchange of [...this.open.keys()]) {
      exchange.state = 'forgotten';
      exchange.endedAt = exchange.epoch + SYSTEM_TIME.now();
      this.ended(exchange);
    }
  }

  private seen(recording: Recording, step: TraceStep): void {
    this.listener.stanzaSeen(step);
    if (!this.isWatched) return;
    this.batch.step(recording, step);
    this.schedule();
  }

  private forgetLastAnswer(): void {
    this.lastAnswer = null;
    this.lastAnswered = null;
  }

  private get isWatched(): boolean {
    return this.watchers.size > 0;
  }

  /** Schedules the next batch, and the resumption of observation. */
  private schedule(): void {
    this.timer ??= this.server.clock.after(BATCH_MS, () => this.tick());
  }

  private tick(): void {
    this.timer = null;
    this.forgetLastAnswer();
    const begin = SYSTEM_TIME.now();
    this.budget.refill(begin);
    if (!this.tap.resume()) this.schedule();
    const batch = this.batch.take();
    if (batch !== null) this.watchers.call(batch);
    this.budget.spend(SYSTEM_TIME.now() - begin);
  }
}
