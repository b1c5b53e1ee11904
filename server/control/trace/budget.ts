/** However long it takes, so many stanzas a second are looked at, and so many in one go. A request is four of them or more. */
const STANZAS_PER_SECOND = 800;
const STANZAS_AT_ONCE = 800;

const REFILL_MS = 100;

/** So many milliseconds are saved up at the most, and so many are owed. */
const MOST_MS = 20;
const MOST_DEBT_MS = 50;

/** Who owes so much does not look on for the sake of what has begun. */
const DEBT_MS = 5;

/**
 * How long may be looked, so that looking never takes more than a small part of the server's time. It is spent by the clock, for what a request costs depends on
 * who asks what how.
 */
export class Budget {
  /** What comes in. */
  msPerSecond: number;
  private ms = MOST_MS;
  private stanzas = STANZAS_AT_ONCE;
  private filledAt: number;

  /** @param now Milliseconds. */
  constructor(msPerSecond: number, now: number) {
    this.msPerSecond = msPerSecond;
    this.filledAt = now;
  }

  /** Whether no new request is to be looked at. */
  get exhausted(): boolean {
    return this.stanzas <= 0 && this.ms <= 0;
  }

  /** Whether nothing at all is to be looked at. */
  get overdrawn(): boolean {
    return this.stanzas <= 0 && this.ms < -DEBT_MS;
  }

  /** A stanza was looked at, for so long. */
  spendOnStanza(ms: number): void {
    this.stanzas--;
    this.spend(ms);
  }

  spend(ms: number): void {
    this.ms = Math.max(-MOST_DEBT_MS, this.ms - ms);
  }

  /** The same as {@link refill}, but not too often: what trickles in under load would be spent at once, and the tap never taken away. */
  refillIfDue(now: number): void {
    if (now - this.filledAt >= REFILL_MS) this.refill(now);
  }

  /** What the time since the last filling has brought. */
  refill(now: number): void {
    const seconds = Math.max(0, now - this.filledAt) / 1000;
    this.filledAt = now;
    this.ms = Math.min(MOST_MS, this.ms + seconds * this.msPerSecond);
    this.stanzas = Math.min(STANZAS_AT_ONCE, Math.max(0, this.stanzas) + seconds * STANZAS_PER_SECOND);
  }
}
