/** A timer that can be cancelled. */
export interface Timer {
  cancel(): void;
}

/** Time, handed in so that tests own it. */
export interface Clock {
  /** Monotonic milliseconds, with fractions: for every deadline and measurement. Setting the machine's clock does not move it. */
  now(): number;
  /** Milliseconds since 1970: to show, never to compute with. */
  wallTime(): number;
  /** Calls the action once. */
  after(ms: number, action: () => void): Timer;
}
