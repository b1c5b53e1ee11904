import type { Clock, Timer } from '../../../shared/clock.ts';

/** A timer that is this much late shows that this process has stood still. */
const STALL_MS = 100;

/** A periodic timer that notices when this process has stood still. */
export class Pulse {
  private readonly clock: Pick<Clock, 'now' | 'after'>;
  private readonly intervalMs: number;
  private readonly action: (stalledMs: number) => void;
  private timer: Timer | null = null;
  private due = 0;

  /** @param action Gets the time for which this process has stood still; 0: it has not. */
  constructor(clock: Pick<Clock, 'now' | 'after'>, intervalMs: number, action: (stalledMs: number) => void) {
    this.clock = clock;
    this.intervalMs = intervalMs;
    this.action = action;
  }

  start(): void {
    this.due = this.clock.now() + this.intervalMs;
    this.timer = this.clock.after(this.intervalMs, this.beat);
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private readonly beat = (): void => {
    if (this.timer === null) return;
    const lateMs = this.clock.now() - this.due;
    this.start();
    this.action(lateMs > STALL_MS ? lateMs : 0);
  };
}
