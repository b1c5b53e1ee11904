/** A long piece of work, done bit by bit: it yields after each bit, so that others get their turn in between. */
export type Job = Generator<void, void, void>;

/** Does jobs. */
export interface JobRunner {
  /** Begins a job at once, and goes on with it in later turns of the event loop. */
  run(job: Job): void;
  /** Calls the action when all jobs that are under way have ended: what peers had sent by now was read. */
  afterOthers(action: () => void): void;
}
