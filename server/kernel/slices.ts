import type { Clock } from '../../shared/clock.ts';
import type { Job, JobRunner } from '../../shared/job.ts';
import type { Guard } from './guard.ts';

/** How long one job may go on before the next gets its turn. */
const SLICE_MS = 2;
/** How long all jobs together may hold up one turn of the event loop. */
const TURN_MS = 5;
/** So many bits of a job are done at once: most jobs are over then. */
const BITS_AT_ONCE = 32;

/** A job, numbered in order of arrival. */
interface QueuedJob {
  readonly job: Job;
  readonly number: number;
}

/** An action that waits for the end of all jobs up to one number. */
interface Waiting {
  readonly behind: number;
  readonly action: () => void;
}

/** Shares the event loop among long jobs: in each turn some milliseconds of work, a slice of each job after the other. */
export class Slices implements JobRunner {
  /** Slices that were done. */
  slices = 0;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly guard: Pick<Guard, 'failed'>;
  private jobs: QueuedJob[] = [];
  private lastNumber = 0;
  /** In order of number. */
  private waiting: Waiting[] = [];

  /** @param guard Takes the failure of a job, which ends that job alone. */
  constructor(clock: Pick<Clock, 'now'>, guard: Pick<Guard, 'failed'>) {
    this.clock = clock;
    this.guard = guard;
  }

  /** How many jobs are under way. */
  get size(): number {
    return this.jobs.length;
  }

  run(job: Job): void {
    if (this.bits(job, BITS_AT_ONCE)) this.later(job);
  }

  /** Does a job in later turns of the event loop alone. */
  later(job: Job): void {
    if (this.jobs.length === 0) setImmediate(this.turn);
    this.jobs.push({ job, number: ++this.lastNumber });
  }

  afterOthers(action: () => void): void {
    if (this.jobs.length === 0) action();
    else this.waiting.push({ behind: this.lastNumber, action });
  }

  private readonly turn = (): void => {
    const end = this.clock.now() + TURN_MS;
    while (this.jobs.length > 0 && this.clock.now() < end) {
      const queued = this.jobs.shift() as QueuedJob;
      if (this.slice(queued.job)) this.jobs.push(queued);
    }
    if (this.waiting.length > 0) this.callWaiting();
    if (this.jobs.length > 0) setImmediate(this.turn);
  };

  private callWaiting(): void {
    let oldest = this.lastNumber + 1;
    for (const { number } of this.jobs) oldest = Math.min(oldest, number);
    const due = this.waiting.filter(({ behind }) => behind < oldest);
    this.waiting = this.waiting.slice(due.length);
    for (const { action } of due) this.attempt(action);
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.guard.failed(error);
    }
  }

  /** @returns whether there is more to do. */
  private slice(job: Job): boolean {
    const end = this.clock.now() + SLICE_MS;
    this.slices++;
    do if (!this.bits(job, 1)) return false;
    while (this.clock.now() < end);
    return true;
  }

  /** @returns whether there is more to do. */
  private bits(job: Job, count: number): boolean {
    try {
      for (let bit = 0; bit < count; bit++) if (job.next().done === true) return false;
      return true;
    } catch (error) {
      this.guard.failed(error);
      return false;
    }
  }
}
