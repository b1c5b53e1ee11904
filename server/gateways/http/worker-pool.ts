import type { Timer } from '../../../shared/clock.ts';
import type { JobRunner } from '../../../shared/job.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { Entrance } from '../entrance.ts';
import { GatewayWorker, type WorkerCall } from './gateway-worker.ts';

/** Keep this many idle sessions; close others. Opening a session takes as long as answering a request. */
const MAX_IDLE = 256;

/** Milliseconds between checks of the calls' deadlines; a timer per call would cost more than the answer. */
const LOOK_MS = 250;

/** The sessions of the HTTP gateways. */
export class WorkerPool {
  private readonly entrance: Entrance;
  /** The maximum number of busy workers. */
  private readonly most: number;
  private readonly idle = new Set<GatewayWorker>();
  private readonly busy = new Set<GatewayWorker>();
  private readonly clock: ServerClock;
  private readonly jobs: JobRunner;
  private looks: Timer | null = null;
  private whenSettled: (() => void) | null = null;

  constructor(entrance: Entrance, most: number, clock: ServerClock, jobs: JobRunner) {
    this.entrance = entrance;
    this.most = most;
    this.clock = clock;
    this.jobs = jobs;
  }

  /** A worker for a request; null if too many are busy. @param preferred Taken if it is idle. */
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

  /** Takes a worker back. @param spent Answers to its request may still come; do not reuse it. */
  give(worker: GatewayWorker, spent: boolean): void {
    worker.end();
    this.busy.delete(worker);
    if (worker.link !== null) {
      if (spent || this.idle.size >= MAX_IDLE) worker.link.close('client-closed', null);
      else this.idle.add(worker);
    }
    if (this.busy.size === 0) this.whenSettled?.();
  }

  /** Resolves when no worker is busy. */
  async settled(): Promise<void> {
    if (this.busy.size > 0) await new Promise<void>((resolve) => (this.whenSettled = resolve));
  }

  /** Closes all sessions. */
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
    const worker = new GatewayWorker(this.jobs, (ended) => this.idle.delete(ended));
    return worker.enter(this.entrance, address) ? worker : null;
  }
}
