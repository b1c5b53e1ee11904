import type { Clock } from '../../shared/clock.ts';
import type { Pace } from '../../shared/reader/pace.ts';

/** How long all connections together are read in one turn of the event loop… */
const TURN_MS = 8;
/** …and one of them, before the next gets its turn. */
const SLICE_MS = 2;
/** So much weight is read between two looks at the clock. */
const WEIGHT_PER_LOOK = 8;

/**
 * One turn of the event loop. The connections that have input share it: each reads for its slice, and what is left then is read in later turns
 * ({@link Slices}). At its end, when everything that reads has run, all output is written.
 */
export class Turn implements Pace {
  /** Turns that had input or output. */
  count = 0;
  /** The longest of them, in milliseconds. */
  longestMs = 0;
  private readonly clock: Pick<Clock, 'now'>;
  private atEnd: () => void = () => {};
  private scheduled = false;
  /** Monotonic milliseconds; 0: nothing was read yet. */
  private end = 0;
  private begun = 0;
  private longestSinceTakenMs = 0;
  private sliceEnd = 0;
  private weight = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock;
  }

  /** Sets what is done at the end of every turn. */
  set whenOver(action: () => void) {
    this.atEnd = action;
  }

  /** Makes sure that this turn has an end. */
  begin(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.begun = this.clock.now();
    // The check phase follows the poll phase.
    setImmediate(this.over);
  }

  /** A connection is about to read. @returns whether there is time left in this turn. */
  beginSlice(): boolean {
    const now = this.clock.now();
    if (this.end === 0) {
      this.end = now + TURN_MS;
      this.begin();
    }
    this.sliceEnd = Math.min(now + SLICE_MS, this.end);
    this.weight = 0;
    return now < this.end;
  }

  /** A connection is about to read a bit of what was left: it pauses as soon as it may. */
  beginBit(): void {
    this.sliceEnd = 0;
    this.weight = 0;
  }

  goesOn(weight: number): boolean {
    this.weight += weight;
    if (this.weight < WEIGHT_PER_LOOK) return true;
    this.weight = 0;
    return this.clock.now() < this.sliceEnd;
  }

  /** The longest turn since the last call, in milliseconds. */
  takeLongestMs(): number {
    const longest = this.longestSinceTakenMs;
    this.longestSinceTakenMs = 0;
    return longest;
  }

  private readonly over = (): void => {
    this.scheduled = false;
    this.end = 0;
    const { begun } = this;
    this.atEnd();
    this.measure(this.clock.now() - begun);
  };

  private measure(ms: number): void {
    this.count++;
    this.longestMs = Math.max(this.longestMs, ms);
    this.longestSinceTakenMs = Math.max(this.longestSinceTakenMs, ms);
  }
}
