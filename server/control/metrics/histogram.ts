/** Buckets for each doubling of a duration: a percentile is at most 9 % above the true one. */
const PER_DOUBLING = 8;
/** The range of distinguished durations, in milliseconds. */
const SHORTEST_MS = 0.01;
const DOUBLINGS = 27;
const BUCKETS = DOUBLINGS * PER_DOUBLING + 1;

/** Counts durations by length: exact count and maximum, percentiles by {@link PER_DOUBLING}, in constant memory. */
export class Histogram {
  count = 0;
  longestMs = 0;
  private readonly buckets = new Float64Array(BUCKETS);

  add(ms: number): void {
    this.count++;
    if (ms > this.longestMs) this.longestMs = ms;
    const bucket = bucketOf(ms);
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
  }

  /** Adds all durations of another one. */
  addAll(other: Histogram): void {
    this.count += other.count;
    this.longestMs = Math.max(this.longestMs, other.longestMs);
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.buckets[bucket] = (this.buckets[bucket] as number) + (other.buckets[bucket] as number);
  }

  /** The percentile by nearest rank; 0 without durations. */
  percentile(percent: number): number {
    let left = Math.max(1, Math.ceil((this.count * percent) / 100));
    if (this.count === 0) return 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.buckets[bucket] as number;
      if (left <= 0) return Math.min(this.longestMs, upperEnd(bucket));
    }
    return this.longestMs;
  }
}

function bucketOf(ms: number): number {
  if (!(ms > SHORTEST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / SHORTEST_MS) * PER_DOUBLING));
}

function upperEnd(bucket: number): number {
  return SHORTEST_MS * 2 ** (bucket / PER_DOUBLING);
}
