import type { Clock } from '../../shared/clock.ts';
import type { Job, JobRunner } from '../../shared/job.ts';
import type { Guard } from './guard.ts';
import { setImmediate } from './native.ts';

/** The slice of one job. */
const SLICE_MS = 2;
/** The time of all jobs in one turn of the event loop. */
const TURN_MS = 5;
/** The steps of a job that run at once, which finish most jobs. */
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

/** Shares the event loop among long jobs: runs some milliseconds per turn, in slices of one job after the other. */
export class Slices implements JobRunner {
  /** The number of slices so far. */
  slices = 0;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly guard: Pick<Guard, 'failed'>;
  private jobs: QueuedJob[] = [];
  private lastNumber = 0;
  /** In order of number. */
  private waiting: Waiting[] = [];

  /** @param guard Handles the failure of a job, which ends only that job. */
  constructor(clock: Pick<Clock, 'now'>, guard: Pick<Guard, 'failed'>) {
    this.clock = clock;
    this.guard = guard;
  }

  /** The number of unfinished jobs. */
  get size(): number {
    return this.jobs.length;
  }

  run(job: Job): void {
    if (this.bits(job, BITS_AT_ONCE)) this.later(job);
  }

  /** Runs a job in later turns of the event loop only. */
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

/** Long work with a result: it yields after each bit, as a {@link Job} does. */
export type Bits<Result> = Generator<void, Result, void>;

/** Does long work in slices of the event loop, so that it holds up no traffic. */
export function sliced<Result>(jobs: JobRunner, bits: Bits<Result>): Promise<Result> {
  return new Promise((resolve, reject) => jobs.run(settling(bits, resolve, reject)));
}

function* settling<Result>(bits: Bits<Result>, resolve: (result: Result) => void, reject: (error: unknown) => void): Job {
  try {
    resolve(yield* bits);
  } catch (error) {
    reject(error);
  }
}
