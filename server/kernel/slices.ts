import type { Clock } from '../../shared/clock.ts';
import type { Job, JobRunner } from '../../shared/job.ts';
import type { Guard } from './guard.ts';

/** How long one job may go on before the next gets its turn. */
const SLICE_MS = 2;
/** How long all jobs together may hold up one turn of the event loop. */
const TURN_MS = 5;
/** So many bits of a job are done at once: most jobs are over then. */
const BITS_AT_ONCE = 32;

/** Shares the event loop among long jobs: in each turn some milliseconds of work, a slice of each job after the other. */
export class Slices implements JobRunner {
  /** Slices that were done. */
  slices = 0;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly guard: Pick<Guard, 'failed'>;
  private jobs: Job[] = [];

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
    this.jobs.push(job);
  }

  private readonly turn = (): void => {
    const end = this.clock.now() + TURN_MS;
    while (this.jobs.length > 0 && this.clock.now() < end) {
      const job = this.jobs.shift() as Job;
      if (this.slice(job)) this.jobs.push(job);
    }
    if (this.jobs.length > 0) setImmediate(this.turn);
  };

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
