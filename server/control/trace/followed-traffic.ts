import type { Stanza } from '../../../shared/stanza.ts';
import { type ExchangeObserver, ExchangeTap } from '../../conversations/exchange-tap.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import type { Guard } from '../../kernel/guard.ts';
import type { Session } from '../../sessions/session.ts';
import { Allowance } from './allowance.ts';
import { PassingQueue, type PassingQueueOwner, type PassingReader } from './passing-queue.ts';
import type { TracedServer } from './traced-server.ts';

/** Observes the traffic read by {@link FollowedTraffic}. */
export interface TrafficObserver extends ExchangeObserver {
  sessionBound(session: Session): void;
  sessionEnded(session: Session): void;
  /** The queue is not empty: call {@link FollowedTraffic.readQueue} soon. */
  begun(): void;
}

/** Do not parse longer stanzas: the trace shows only their beginning. */
const LONGEST = 1024 * 1024;

/**
 * Queues the stanzas of all sessions, and follows requests and answers when it reads them. Without allowance it detaches itself from the sessions, so that
 * under full load the server's hot path is free of it, and starts from scratch when there is allowance again.
 */
export class FollowedTraffic implements PassingQueueOwner, PassingReader {
  private readonly server: TracedServer;
  private readonly observer: TrafficObserver;
  private readonly guard: Guard;
  private readonly allowance = new Allowance(SYSTEM_TIME.now());
  private readonly queue: PassingQueue;
  private readonly exchanges: ExchangeTap;
  private readonly routedAtStart: number;
  /** The start of complete observation, in milliseconds since 1970. */
  sightSince = 0;
  private state: 'running' | 'stopped' = 'running';
  private detach: (() => void) | null = null;
  private passedBy = 0;
  /** The count of stanzas when it was detached. */
  private readUntilThen: number;
  /** The time of the stanza being read, and its relation to the time of day. */
  private at = 0;
  private epoch = 0;

  constructor(server: TracedServer, observer: TrafficObserver) {
    this.server = server;
    this.observer = observer;
    this.guard = server.guards.create('trace', () => this.stop());
    this.queue = new PassingQueue(this.allowance, this);
    const time = { now: () => this.at, wallTime: () => this.epoch + this.at };
    this.setTime(SYSTEM_TIME.now());
    this.exchanges = new ExchangeTap({ routers: server.routers, observer, limits: server.limits, time, longest: LONGEST });
    this.readUntilThen = server.stanzasRead();
    this.routedAtStart = server.requestsRouted() - this.queue.handed;
  }

  /** The approximate number of unobserved stanzas from sessions. */
  get unseenStanzas(): number {
    return this.passedBy + (this.detach === null ? this.server.stanzasRead() - this.readUntilThen : 0);
  }

  /** The number of unobserved requests handed to listeners. */
  get unseenRequests(): number {
    return Math.max(0, this.server.requestsRouted() - this.routedAtStart - this.queue.handed);
  }

  start(): void {
    this.passedBy += this.server.stanzasRead() - this.readUntilThen;
    this.detach = this.server.watch(this.queue);
  }

  stop(): void {
    this.state = 'stopped';
    this.detachQueue();
  }

  /** Reads the queue, and attaches it again if there is an allowance. @returns whether it is attached. */
  readQueue(): boolean {
    this.epoch = SYSTEM_TIME.wallTime() - SYSTEM_TIME.now();
    this.queue.drain(this);
    const now = SYSTEM_TIME.now();
    this.at = now;
    const enough = this.allowance.refill(now);
    if (this.detach !== null || this.state === 'stopped') return true;
    // Answers may have passed unobserved.
    this.guard.run(() => this.exchanges.forgetAll());
    if (enough) this.seeAgain(now);
    return enough;
  }

  begun(): void {
    this.observer.begun();
  }

  filled(): void {
    this.server.clock.soon(() => this.readQueue());
  }

  overflowed(): void {
    this.passedBy++;
    this.allowance.exceeded(SYSTEM_TIME.now());
    // At once: stanzas that wait keep their input, and the garbage collector copies all of it.
    if (this.detach !== null) this.filled();
    this.detachQueue();
    this.observer.begun();
  }

  bound(session: Session): void {
    this.guard.run(() => this.observer.sessionBound(session));
  }

  read(session: Session, stanza: Stanza, at: number): void {
    this.at = at;
    try {
      this.exchanges.read(session, stanza);
    } catch (error) {
      this.guard.failed(error);
    }
  }

  delivered(session: Session, stanza: Stanza, at: number): void {
    this.at = at;
    try {
      this.exchanges.delivered(session, stanza);
    } catch (error) {
      this.guard.failed(error);
    }
  }

  ended(session: Session, at: number): void {
    this.at = at;
    this.guard.run(() => this.exchanges.ended(session));
    this.guard.run(() => this.observer.sessionEnded(session));
  }

  private detachQueue(): void {
    this.detach?.();
    this.detach = null;
    this.readUntilThen = this.server.stanzasRead();
  }

  private seeAgain(now: number): void {
    this.sightSince = this.epoch + now;
    this.start();
  }

  private setTime(now: number): void {
    this.at = now;
    this.epoch = SYSTEM_TIME.wallTime() - now;
  }
}
