import type { Job, JobRunner } from '../../shared/job.ts';

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
