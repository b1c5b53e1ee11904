import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../../shared/clock.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';

// Each sample wakes the process up, which costs 0.03 ms. A delay shorter than the interval may be missed.
const WATCHED_MS = 30;
const UNWATCHED_MS = 100;

/** Measures delays of the event loop, at shorter intervals while it is watched. */
export class LoopDelay {
  private readonly clock: Pick<Clock, 'after'>;
  private resolutionMs = UNWATCHED_MS;
  private histogram = enabled(UNWATCHED_MS);
  /** Measures the time until the first sample after a reset, which the histogram omits. */
  private firstLook: Timer | null = null;
  private firstDelayMs = 0;

  constructor(clock: Pick<Clock, 'after'>) {
    this.clock = clock;
    this.waitForFirstLook();
  }

  /** Whether a page shows it. */
  set watched(isWatched: boolean) {
    const resolution = isWatched ? WATCHED_MS : UNWATCHED_MS;
    if (resolution === this.resolutionMs) return;
    this.stop();
    this.resolutionMs = resolution;
    this.histogram = enabled(resolution);
    this.waitForFirstLook();
  }

  /** The longest delay since the last call, in milliseconds. */
  takeLongest(): number {
    const longest = Math.max(0, this.histogram.max / 1e6 - this.resolutionMs, this.firstDelayMs);
    this.histogram.reset();
    this.waitForFirstLook();
    return longest;
  }

  stop(): void {
    this.histogram.disable();
    this.firstLook?.cancel();
  }

  private waitForFirstLook(): void {
    const due = SYSTEM_TIME.now() + this.resolutionMs;
    this.firstDelayMs = 0;
    this.firstLook?.cancel();
    this.firstLook = this.clock.after(this.resolutionMs, () => (this.firstDelayMs = SYSTEM_TIME.now() - due));
  }
}

function enabled(resolution: number): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return histogram;
}
