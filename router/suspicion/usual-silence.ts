/** Ignore silences this old if there are newer ones. */
const WINDOW_MS = 600_000;

/** Learns the usual silence of a service's listeners with requests open: the longest in the last ten to twenty minutes of work. */
export class UsualSilence {
  private longestNow: number;
  private longestBefore = -1;
  private since: number;

  /** @param now Monotonic milliseconds. @param longestMs Known already; -1: nothing is. */
  constructor(now: number, longestMs = -1) {
    this.since = now;
    this.longestNow = longestMs;
  }

  /** In milliseconds; -1 until a listener has answered. */
  get longestMs(): number {
    return Math.max(this.longestNow, this.longestBefore);
  }

  /** A listener has answered after a silence. @param now Monotonic milliseconds. */
  add(silenceMs: number, now: number): void {
    if (now - this.since >= WINDOW_MS) {
      this.longestBefore = this.longestNow;
      this.longestNow = -1;
      this.since = now;
    }
    this.longestNow = Math.max(this.longestNow, silenceMs);
  }
}
