/** A long piece of work in parts: it yields after each part, so that other work can run in between. */
export type Job = Generator<void, void, void>;

/** Runs jobs. */
export interface JobRunner {
  /** Starts a job at once, and continues it in later turns of the event loop. */
  run(job: Job): void;
  /** Calls the action when all current jobs have ended: all input sent before is then read. */
  afterOthers(action: () => void): void;
}
