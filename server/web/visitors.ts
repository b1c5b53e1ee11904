import type { Socket } from 'node:net';
import type { Timer } from '../../shared/clock.ts';
import type { Limits } from '../config/limits.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { MemoryBudget } from '../kernel/memory-budget.ts';
import type { PendingConnections } from '../net/pending-connections.ts';
import { BUSY, type Visitor } from './visitor.ts';

/** Milliseconds between checks of deadlines. */
const LOOK_MS = 1_000;

/** The visitors' dependencies. */
export interface VisitorsEnvironment {
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly memory: MemoryBudget;
  /** The pending connections of the whole server. */
  readonly pending: PendingConnections;
}

/** All HTTP connections, and how long each may wait before it sends its next request. */
export class Visitors {
  private readonly environment: VisitorsEnvironment;
  private readonly bySocket = new Map<Socket, Visitor>();
  private state: 'open' | 'closing' = 'open';
  private looks: Timer | null = null;

  constructor(environment: VisitorsEnvironment) {
    this.environment = environment;
  }

  open(): void {
    this.state = 'open';
    this.looks = this.environment.clock.every(LOOK_MS, () => this.closeLate());
  }

  /** Closes idle connections now, and each other one after its answer. */
  close(): void {
    this.state = 'closing';
    for (const visitor of this.bySocket.values()) if (visitor.deadline !== BUSY) visitor.socket.destroy();
  }

  /** Closes all connections. */
  end(): void {
    this.looks?.cancel();
    for (const socket of this.bySocket.keys()) socket.destroy();
  }

  get(socket: Socket): Visitor | undefined {
    return this.bySocket.get(socket);
  }

  add(visitor: Visitor): void {
    const { clock, limits, pending } = this.environment;
    this.bySocket.set(visitor.socket, visitor);
    visitor.deadline = clock.now() + limits.loginTimeoutMs;
    visitor.pending = true;
    pending.add(visitor);
  }

  remove(visitor: Visitor): void {
    if (!this.bySocket.delete(visitor.socket)) return;
    this.environment.pending.remove(visitor);
    visitor.leave();
  }

  /** A request has arrived. */
  busy(visitor: Visitor): void {
    visitor.unanswered++;
    visitor.deadline = BUSY;
    if (!visitor.pending) return;
    visitor.pending = false;
    this.environment.pending.remove(visitor);
  }

  /** A request of it has been answered. */
  answered(visitor: Visitor): void {
    visitor.unanswered--;
    if (visitor.unanswered > 0 || !this.bySocket.has(visitor.socket)) return;
    if (this.state === 'closing') visitor.socket.destroy();
    else visitor.deadline = this.environment.clock.now() + this.environment.limits.webIdleMs;
  }

  private closeLate(): void {
    const { clock, limits, pending } = this.environment;
    const now = clock.now();
    for (const visitor of this.bySocket.values()) {
      if (visitor.deadline === BUSY) visitor.measure();
      else if (!visitor.pending) {
        // Not at once: most clients send their next request before this check.
        visitor.pending = true;
        pending.add(visitor);
      }
      if (visitor.deadline === BUSY ? visitor.readsNothing(now, limits.webIdleMs) : visitor.deadline <= now) visitor.socket.destroy();
    }
  }
}
