const TICK_MS = 10;
/** A tick that is so much late is a stall. */
const STALL_MS = 20;

/** The time in which this process did not get to run, by its own timer. */
export class Stalls {
  private readonly now: () => number;
  private readonly timer: NodeJS.Timeout;
  private last: number;
  private past = 0;

  /** @param tick Called at each tick. */
  constructor(now: () => number, tick: () => void) {
    this.now = now;
    this.last = now();
    this.timer = setInterval(() => {
      this.past = this.total();
      this.last = now();
      tick();
    }, TICK_MS);
  }

  /** All stalls in milliseconds, the present one included. */
  total(): number {
    const late = this.now() - this.last - TICK_MS;
    return late > STALL_MS ? this.past + late : this.past;
  }

  end(): void {
    clearInterval(this.timer);
  }
}
