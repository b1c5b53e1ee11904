/** The stanzas per second, and in one burst, that are observed regardless of their time. A request is at least four of them. */
const STANZAS_PER_SECOND = 800;
const STANZAS_AT_ONCE = 800;

const REFILL_MS = 100;

/** The most milliseconds saved, and the most owed. */
const MOST_MS = 20;
const MOST_DEBT_MS = 50;

/** The debt at which open requests are no longer followed. */
const DEBT_MS = 5;

/**
 * The time budget of observation, so that it takes only a small part of the server's time. It is measured by the clock, because the cost of requests varies.
 */
export class Budget {
  /** The income. */
  msPerSecond: number;
  private ms = MOST_MS;
  private stanzas = STANZAS_AT_ONCE;
  private filledAt: number;

  /** @param now Milliseconds. */
  constructor(msPerSecond: number, now: number) {
    this.msPerSecond = msPerSecond;
    this.filledAt = now;
  }

  /** Whether new requests must not be observed. */
  get exhausted(): boolean {
    return this.stanzas <= 0 && this.ms <= 0;
  }

  /** Whether nothing at all must be observed. */
  get overdrawn(): boolean {
    return this.stanzas <= 0 && this.ms < -DEBT_MS;
  }

  /** Spends the time for one stanza. */
  spendOnStanza(ms: number): void {
    this.stanzas--;
    this.spend(ms);
  }

  spend(ms: number): void {
    this.ms = Math.max(-MOST_DEBT_MS, this.ms - ms);
  }

  /** {@link refill}, but not too often: under load, small amounts would be spent at once, and the tap would never be detached. */
  refillIfDue(now: number): void {
    if (now - this.filledAt >= REFILL_MS) this.refill(now);
  }

  /** Adds the income since the last refill. */
  refill(now: number): void {
    const seconds = Math.max(0, now - this.filledAt) / 1000;
    this.filledAt = now;
    this.ms = Math.min(MOST_MS, this.ms + seconds * this.msPerSecond);
    this.stanzas = Math.min(STANZAS_AT_ONCE, Math.max(0, this.stanzas) + seconds * STANZAS_PER_SECOND);
  }
}
