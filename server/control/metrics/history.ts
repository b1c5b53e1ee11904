/** A sample of numbers. `at`, in milliseconds since 1970, is the end of its time. */
type Sample = Readonly<Record<string, number>>;

/** Samples of one interval. */
class Level {
  readonly samples: Sample[] = [];
  private readonly waiting: Sample[] = [];

  /** @returns the sample that it has made of `width` ones; null: not yet. */
  add(sample: Sample, width: number, peaks: ReadonlySet<string>): Sample | null {
    if (this.waiting.push(sample) < width) return null;
    const made = merged(this.waiting.splice(0), peaks);
    this.samples.push(made);
    return made;
  }
}

/** The spans of time that one can ask for. */
export type Range = '5m' | '1h' | 'start';

/** All spans. */
export const RANGES: readonly Range[] = ['5m', '1h', 'start'];

const SECONDS = 300;
/** Samples of ten seconds: an hour. */
const TENS = 360;
const TEN = 10;
/** The whole life, in samples that grow twice as long when there are as many. */
const WHOLE = 400;

/** Remembers samples of each second: five minutes of them, an hour in samples of ten seconds, and the time since the start in at most 400. */
export class History<T extends object> {
  private readonly peaks: ReadonlySet<string>;
  private readonly seconds = new Level();
  private readonly tens = new Level();
  private whole = new Level();
  private width = 1;

  /** @param peaks The numbers of which a longer sample has the highest; of others it has the mean. */
  constructor(peaks: readonly (keyof T & string)[]) {
    this.peaks = new Set(peaks);
  }

  add(sample: T): void {
    this.seconds.add(sample as Sample, 1, this.peaks);
    const ten = this.tens.add(sample as Sample, TEN, this.peaks);
    if (this.seconds.samples.length > SECONDS) this.seconds.samples.shift();
    if (this.tens.samples.length > TENS) this.tens.samples.shift();
    if (ten !== null && this.whole.add(ten, this.width, this.peaks) !== null && this.whole.samples.length === WHOLE) this.widen();
  }

  /** The samples of a span, in order. */
  samples(range: Range): readonly T[] {
    switch (range) {
      case '5m':
        return this.seconds.samples as unknown as T[];
      case '1h':
        return this.orSeconds(this.tens);
      case 'start':
        return this.orSeconds(this.whole);
    }
  }

  /** A young server has too few of the longer samples for a line. */
  private orSeconds(level: Level): readonly T[] {
    return (level.samples.length < SECONDS / TEN ? this.seconds : level).samples as unknown as T[];
  }

  private widen(): void {
    const former = this.whole;
    this.whole = new Level();
    this.width *= 2;
    for (const sample of former.samples) this.whole.add(sample, 2, this.peaks);
  }
}

function merged(samples: readonly Sample[], peaks: ReadonlySet<string>): Sample {
  const [first] = samples as [Sample];
  if (samples.length === 1) return first;
  const values = (key: string) => samples.map((sample) => sample[key] as number);
  const mean = (key: string) => values(key).reduce((sum, value) => sum + value, 0) / samples.length;
  const entries = Object.keys(first).map((key) => [key, key === 'at' || peaks.has(key) ? Math.max(...values(key)) : mean(key)]);
  return Object.fromEntries(entries) as Sample;
}
