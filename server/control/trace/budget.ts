/** So many requests may be looked at in one go: 3 ms, or so. */
const BURST = 100;

/** So many characters cost as much as one request more. */
const CHARACTERS_PER_UNIT = 16 * 1024;

/**
 * How much may be looked at, so that looking never takes more than a small part of the server's time: so many requests a second. Who says much pays
 * more, and what is owed is paid back before the next one is looked at.
 */
export class Budget {
  perSecond: number;
  private left: number;
  private filledAt: number;

  constructor(perSecond: number, now: number) {
    this.perSecond = perSecond;
    this.left = BURST;
    this.filledAt = now;
  }

  get exhausted(): boolean {
    return this.left <= 0;
  }

  /** Pays for one request, or (with 0) for more that belongs to one. */
  pay(requests: 0 | 1, characters: number): void {
    this.left -= requests + characters / CHARACTERS_PER_UNIT;
  }

  /** What the time since the last filling has brought, up to what may be spent in one burst. */
  refill(now: number): void {
    const gained = ((now - this.filledAt) * this.perSecond) / 1000;
    this.filledAt = now;
    this.left = Math.min(this.left + gained, BURST);
  }
}
