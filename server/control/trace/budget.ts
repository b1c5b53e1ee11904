/** So many characters cost as much as one request more. */
const CHARACTERS_PER_UNIT = 4 * 1024;

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
    this.left = perSecond / 10;
    this.filledAt = now;
  }

  get exhausted(): boolean {
    return this.left <= 0;
  }

  /** Pays for one request, or more of it. */
  pay(characters: number): void {
    this.left -= 1 + characters / CHARACTERS_PER_UNIT;
  }

  /** What the time since the last filling has brought; a tenth of a second's worth is kept at the most, so that no burst takes longer. */
  refill(now: number): void {
    const gained = ((now - this.filledAt) * this.perSecond) / 1000;
    this.filledAt = now;
    this.left = Math.min(this.left + gained, this.perSecond / 10);
  }
}
