import type { Job, JobRunner } from '../../shared/job.ts';

/** The program for one peer. */
export interface JobOwner {
  /** All jobs are done. */
  idle(): void;
  /** A job has failed, and the others are dropped. */
  failed(): void;
}

/** Does the work for one peer in order. Short jobs run at once; a long one shares the event loop with other traffic, and later ones wait for it. */
export class JobQueue {
  private readonly runner: JobRunner;
  private readonly owner: JobOwner;
  private waiting: Job[] = [];
  private state: 'idle' | 'busy' = 'idle';

  constructor(runner: JobRunner, owner: JobOwner) {
    this.runner = runner;
    this.owner = owner;
  }

  /** Whether a job is unfinished. */
  get busy(): boolean {
    return this.state === 'busy';
  }

  add(job: Job): void {
    this.waiting.push(job);
    if (this.state === 'busy') return;
    this.state = 'busy';
    this.runner.run(this.all());
  }

  private *all(): Job {
    try {
      for (let job = this.waiting.shift(); job !== undefined; job = this.waiting.shift()) yield* job;
    } catch (error) {
      this.waiting = [];
      this.owner.failed();
      throw error;
    } finally {
      this.state = 'idle';
      this.owner.idle();
    }
  }
}
