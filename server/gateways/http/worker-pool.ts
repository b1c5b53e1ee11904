import type { Timer } from '../../../shared/clock.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { Entrance } from '../entrance.ts';
import { GatewayWorker, type WorkerCall } from './gateway-worker.ts';

/** So many sessions wait for requests; further ones end. To begin one takes as long as to answer a request. */
const MAX_IDLE = 256;

/** How often the times of calls are looked at: a timer for each would cost more than to answer it. */
const LOOK_MS = 250;

/** The sessions of the HTTP gateways. */
export class WorkerPool {
  private readonly entrance: Entrance;
  /** How many may be at work. */
  private readonly most: number;
  private readonly idle = new Set<GatewayWorker>();
  private readonly busy = new Set<GatewayWorker>();
  private readonly clock: ServerClock;
  private looks: Timer | null = null;
  private whenSettled: (() => void) | null = null;

  constructor(entrance: Entrance, most: number, clock: ServerClock) {
    this.entrance = entrance;
    this.most = most;
    this.clock = clock;
  }

  /** A worker for a request; null where there are too many. @param preferred Taken if it is idle. */
  take(call: WorkerCall, address: string, preferred: GatewayWorker | null): GatewayWorker | null {
    if (this.busy.size >= this.most) return null;
    const worker = preferred !== null && this.idle.has(preferred) ? preferred : this.another(address);
    if (worker === null) return null;
    this.idle.delete(worker);
    this.busy.add(worker);
    this.looks ??= this.clock.every(LOOK_MS, () => this.look());
    worker.begin(call, address);
    return worker;
  }

  /** Takes a worker back. @param spent Whether answers to its request may still come: it gets no other then. */
  give(worker: GatewayWorker, spent: boolean): void {
    worker.end();
    this.busy.delete(worker);
    if (worker.link !== null) {
      if (spent || this.idle.size >= MAX_IDLE) worker.link.close('client-closed', null);
      else this.idle.add(worker);
    }
    if (this.busy.size === 0) this.whenSettled?.();
  }

  /** Resolves when no worker is at work. */
  async settled(): Promise<void> {
    if (this.busy.size > 0) await new Promise<void>((resolve) => (this.whenSettled = resolve));
  }

  /** Ends all sessions. */
  close(): void {
    this.looks?.cancel();
    this.looks = null;
    for (const worker of [...this.idle, ...this.busy]) worker.link?.close('server-stopped', null);
  }

  private look(): void {
    const now = this.clock.now();
    for (const worker of this.busy) worker.look(now);
  }

  private another(address: string): GatewayWorker | null {
    for (const worker of this.idle) return worker;
    const worker = new GatewayWorker((ended) => this.idle.delete(ended));
    return worker.enter(this.entrance, address) ? worker : null;
  }
}
