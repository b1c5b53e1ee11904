/** The members that are remembered. */
const MOST = 64;
/** A rumour that no member has repeated for this long is over. */
const REPEATED_MS = 1_000;
/** The least time between two changes of the server. */
const MOVE_ON_MS = 5_000;

interface Rumour {
  readonly since: number;
  last: number;
}

/** Remembers the members that others hear and this one does not: the servers of the engine cannot reach each other. */
export class Rumours {
  private readonly afterMs: number;
  private readonly random: () => number;
  private readonly rumours = new Map<string, Rumour>();
  private moveOnAt = Number.NEGATIVE_INFINITY;

  /** @param afterMs The age of a rumour that is believed. */
  constructor(afterMs: number, random: () => number) {
    this.afterMs = afterMs;
    this.random = random;
  }

  /** Another member hears this one. @returns whether the engine is to change the server. */
  add(incarnation: string, now: number): boolean {
    const rumour = this.rumours.get(incarnation);
    if (rumour === undefined || now - rumour.last > REPEATED_MS) {
      if (this.rumours.size < MOST) this.rumours.set(incarnation, { since: now, last: now });
      return false;
    }
    rumour.last = now;
    if (now - rumour.since < this.afterMs || now < this.moveOnAt) return false;
    // Not at the same time as the other member, which may want the same.
    this.moveOnAt = now + MOVE_ON_MS * (1 + this.random() / 2);
    this.rumours.clear();
    return true;
  }

  /** This member hears it too. */
  delete(incarnation: string): void {
    this.rumours.delete(incarnation);
  }

  clear(): void {
    this.rumours.clear();
  }
}
