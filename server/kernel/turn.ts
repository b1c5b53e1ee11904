import type { Clock } from '../../shared/clock.ts';
import type { Pace } from '../../shared/reader/pace.ts';
import { setImmediate } from './native.ts';

/** The time for reading all connections in one turn of the event loop. */
const TURN_MS = 8;
/** The slice of one connection. */
const SLICE_MS = 2;
/** The weight of input between two readings of the clock. */
const WEIGHT_PER_LOOK = 8;

/**
 * One turn of the event loop, which the connections with input share: each reads for its slice and reads the rest in later turns
 * ({@link Slices}). At the end of the turn, all output is written.
 */
export class Turn implements Pace {
  /** Turns that had input or output. */
  count = 0;
  /** The longest of them, in milliseconds. */
  longestMs = 0;
  private readonly clock: Pick<Clock, 'now'>;
  private atEnd: () => void = () => {};
  private scheduled = false;
  /** Its end in monotonic milliseconds; 0 before the first read. */
  private end = 0;
  private begun = 0;
  private longestSinceTakenMs = 0;
  private sliceEnd = 0;
  private weight = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock;
  }

  /** Sets the action at the end of every turn. */
  set whenOver(action: () => void) {
    this.atEnd = action;
  }

  /** Schedules the end of this turn. */
  begin(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.begun = this.clock.now();
    // The check phase follows the poll phase.
    setImmediate(this.over);
  }

  /** Begins the slice of a connection. @returns whether there is time left in this turn. */
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

  /** Begins a step of suspended input, which pauses as soon as possible. */
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
