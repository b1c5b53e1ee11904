/** A timer that can be cancelled. */
export interface Timer {
  cancel(): void;
}

/** The time source, handed in so that tests can control it. */
export interface Clock {
  /** Monotonic milliseconds, with fractions: for every deadline and measurement. Setting the machine's clock does not change it. */
  now(): number;
  /** Milliseconds since 1970: for display only, never for computing. */
  wallTime(): number;
  /** Calls the action once. */
  after(ms: number, action: () => void): Timer;
}
