import type { Clock } from '../../shared/clock.ts';

/** The clock readings for the times of an exchange. */
export type Time = Pick<Clock, 'now' | 'wallTime'>;

/** A larger change of the difference between the two clocks means that the machine's clock has been set. */
const SET_BY_MS = 100;

/**
 * The time of day by the monotonic clock, for all exchanges of a tap. The wall clock has whole milliseconds: if each exchange read it, an answer in one
 * exchange could seem older than an earlier request in another.
 */
export class DayTime {
  private readonly time: Time;
  private difference: number;

  constructor(time: Time) {
    this.time = time;
    this.difference = time.wallTime() - time.now();
  }

  /** The offset from a monotonic reading to milliseconds since 1970. */
  epoch(): number {
    const difference = this.time.wallTime() - this.time.now();
    if (Math.abs(difference - this.difference) > SET_BY_MS) this.difference = difference;
    return this.difference;
  }

  /** Monotonic milliseconds. */
  now(): number {
    return this.time.now();
  }
}
