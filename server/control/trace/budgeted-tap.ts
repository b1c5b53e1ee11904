import type { Stanza } from '../../../shared/stanza.ts';
import type { ExchangeLimits } from '../../conversations/bounded-exchanges.ts';
import { ExchangeObservers } from '../../conversations/exchange-observers.ts';
import { type ExchangeObserver, ExchangeTap } from '../../conversations/exchange-tap.ts';
import { type ServerClock, SYSTEM_TIME } from '../../kernel/clock.ts';
import type { Guards } from '../../kernel/guard.ts';
import type { LogProtect } from '../../logging/log-protect.ts';
import type { Session } from '../../sessions/session.ts';
import type { Tap } from '../../sessions/taps.ts';
import type { Budget } from './budget.ts';

/** The parts of the server that tracing needs. */
export interface TracedServer {
  readonly clock: ServerClock;
  readonly guards: Guards;
  watch(tap: Tap): () => void;
  /** The stanzas from all sessions so far. */
  stanzasRead(): number;
  /** Bare JIDs, `router@DOMAIN`. */
  readonly routers: ReadonlySet<string>;
  /** The limits of followed exchanges. */
  readonly limits: ExchangeLimits;
  /** The current `log_protect`. */
  protect(): LogProtect;
}

/** Observes sessions. */
export interface SessionObserver {
  sessionBound(session: Session): void;
  sessionEnded(session: Session): void;
  /** The tap no longer follows the open exchanges. */
  lostSight(): void;
}

/**
 * A tap within a time budget. When the budget is spent, it observes no new request; when the last observed one has its answer, or the debt is too large,
 * it detaches itself until there is budget again, so that under load the server's hot path is free of it.
 */
export class BudgetedTap implements Tap {
  private readonly server: TracedServer;
  private readonly budget: Budget;
  private readonly observer: ExchangeObserver & SessionObserver;
  private readonly exchangeObservers: ExchangeObservers;
  private readonly onSpent: () => void;
  private exchanges: ExchangeTap;
  private detach: (() => void) | null = null;
  private passedBy = 0;
  /** The count of stanzas when the tap was detached. */
  private readUntilThen = 0;

  /** @param onSpent Called when a stanza is not observed: call {@link resume} later. */
  constructor(server: TracedServer, budget: Budget, observer: ExchangeObserver & SessionObserver, onSpent: () => void) {
    this.server = server;
    this.budget = budget;
    this.observer = observer;
    this.onSpent = onSpent;
    this.exchangeObservers = new ExchangeObservers(server.guards);
    this.exchangeObservers.add(observer, 'trace');
    this.exchanges = this.newExchanges();
  }

  /** The approximate number of unobserved stanzas from sessions since the start, including answers. */
  get unseen(): number {
    return this.passedBy + (this.detach === null ? this.server.stanzasRead() - this.readUntilThen : 0);
  }

  start(): void {
    this.readUntilThen = this.server.stanzasRead();
    this.attach();
  }

  stop(): void {
    this.detach?.();
    this.detach = null;
  }

  /** Attaches the tap again if there is budget. @returns whether it is attached. */
  resume(): boolean {
    if (this.budget.exhausted) return false;
    if (this.detach === null) this.attach();
    return true;
  }

  bound(session: Session): void {
    this.observer.sessionBound(session);
  }

  read(session: Session, stanza: Stanza): void {
    const begin = SYSTEM_TIME.now();
    if (this.budget.exhausted) this.budget.refillIfDue(begin);
    if (!this.budget.exhausted || this.exchanges.follows(stanza)) this.exchanges.read(session, stanza);
    else this.passBy();
    this.spentSince(begin);
  }

  delivered(session: Session, stanza: Stanza): void {
    const begin = SYSTEM_TIME.now();
    this.exchanges.delivered(session, stanza);
    this.spentSince(begin);
  }

  ended(session: Session): void {
    this.exchanges.ended(session);
    this.observer.sessionEnded(session);
  }

  private passBy(): void {
    this.passedBy++;
    this.onSpent();
    if (this.exchanges.openCount === 0) this.takeAway();
  }

  private spentSince(begin: number): void {
    const now = SYSTEM_TIME.now();
    this.budget.spendOnStanza(now - begin);
    if (!this.budget.overdrawn || this.detach === null) return;
    this.budget.refillIfDue(now);
    if (!this.budget.overdrawn) return;
    this.onSpent();
    this.takeAway();
  }

  private attach(): void {
    this.passedBy += this.server.stanzasRead() - this.readUntilThen;
    this.detach = this.server.watch(this);
  }

  // While it is detached it misses stanzas, so it starts again from scratch.
  private takeAway(): void {
    this.detach?.();
    this.detach = null;
    this.readUntilThen = this.server.stanzasRead();
    this.exchanges = this.newExchanges();
    this.observer.lostSight();
  }

  private newExchanges(): ExchangeTap {
    return new ExchangeTap({ routers: this.server.routers, observer: this.exchangeObservers, limits: this.server.limits });
  }
}
