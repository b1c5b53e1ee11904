import { Random } from './random.ts';

/** Something that is to stand whatever is thrown at it. */
export interface FuzzTarget {
  readonly name: string;
  /** How many cases it is given at once. */
  readonly batch: number;
  /** Makes a case of chance. */
  make(random: Random): Buffer;
  /** @returns what went wrong, `''` if nothing did. */
  play(cases: readonly FuzzCase[]): Promise<string>;
  close(): Promise<void>;
}

/** One case; the random numbers go on where making it has ended. */
export interface FuzzCase {
  readonly bytes: Buffer;
  readonly random: Random;
}

/** Cases that made something go wrong. */
export interface FuzzFailure {
  readonly target: string;
  readonly reason: string;
  /** The numbers that make them again. */
  readonly seeds: readonly number[];
  /** In base64. */
  readonly cases: readonly string[];
}

/** Plays cases with the numbers from `first` on. @returns the first failure, null if there was none. */
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
