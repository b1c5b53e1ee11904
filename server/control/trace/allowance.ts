/** Units per second while they suffice: one per stanza, plus one per {@link CHARACTERS} of it. A request of Evergreen takes about four. */
const PER_SECOND = 12_000;
/** Units per second after they did not suffice, until the traffic has been calm for {@link CALM_MS}: observation is then a sample only. */
const STRAINED_PER_SECOND = 400;
const CALM_MS = 2_000;
/** The income of so many seconds can be spent at once. */
const BURST_SECONDS = 0.5;
const CHARACTERS = 4_096;

/** The minimum for starting to observe. */
const WORTHWHILE = 130;

/** Limits the trace's work, so that it takes only a small part of the server's time at full load. It counts stanzas, not time, so that a busy machine changes nothing. */
export class Allowance {
  private units = PER_SECOND * BURST_SECONDS;
  private filledAt: number;
  private exceededAt = Number.NEGATIVE_INFINITY;

  /** @param now Milliseconds. */
  constructor(now: number) {
    this.filledAt = now;
  }

  /** Takes the units of a stanza. @returns false if none are left. */
  take(length: number): boolean {
    if (this.units <= 0) return false;
    this.units -= 1 + Math.floor(length / CHARACTERS);
    return true;
  }

  /** A stanza passed unobserved. */
  exceeded(now: number): void {
    this.exceededAt = now;
  }

  /** Adds the units of the time since the last call. @returns whether there are enough to observe. */
  refill(now: number): boolean {
    const income = now - this.exceededAt < CALM_MS ? STRAINED_PER_SECOND : PER_SECOND;
    this.units = Math.min(income * BURST_SECONDS, this.units + ((now - this.filledAt) / 1_000) * income);
    this.filledAt = now;
    return this.units >= WORTHWHILE;
  }
}
