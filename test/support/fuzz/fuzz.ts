import { Random } from './random.ts';

/** A target that must withstand any input. */
export interface FuzzTarget {
  readonly name: string;
  /** The number of cases per run. */
  readonly batch: number;
  /** Makes a random case. */
  make(random: Random): Buffer;
  /** @returns the failure, or `''`. */
  play(cases: readonly FuzzCase[]): Promise<string>;
  close(): Promise<void>;
}

/** One case; the random numbers continue where its making ended. */
export interface FuzzCase {
  readonly bytes: Buffer;
  readonly random: Random;
}

/** Failing cases. */
export interface FuzzFailure {
  readonly target: string;
  readonly reason: string;
  /** The numbers that reproduce them. */
  readonly seeds: readonly number[];
  /** In base64. */
  readonly cases: readonly string[];
}

/** Plays cases from the number `first`. @returns the first failure, or null. */
export async function fuzz(target: FuzzTarget, first: number, count: number, progress: (done: number) => void = () => {}): Promise<FuzzFailure | null> {
  for (let done = 0; done < count; done += target.batch) {
    const seeds = Array.from({ length: Math.min(target.batch, count - done) }, (_, index) => first + done + index);
    const cases = seeds.map((seed) => {
      const random = new Random(Math.imul(seed, 0x9e3779b1));
      return { bytes: target.make(random), random };
    });
    const reason = await target.play(cases);
    if (reason !== '') return { target: target.name, reason, seeds, cases: cases.map(({ bytes }) => bytes.toString('base64')) };
    progress(done + seeds.length);
  }
  return null;
}
