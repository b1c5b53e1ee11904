import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock, Timer } from '../../shared/clock.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';

// Each look wakes the process up. What is shorter than the time between two of them is seen by chance.
const WATCHED_MS = 20;
const UNWATCHED_MS = 100;

/** How long the event loop is held up: looked at more closely while somebody wants to know. */
export class LoopDelay {
  private readonly clock: Pick<Clock, 'after'>;
  private resolutionMs = UNWATCHED_MS;
  private histogram = enabled(UNWATCHED_MS);
  /** The histogram leaves out the time until its first look after a reset; that is measured here. */
  private firstLook: Timer | null = null;
  private firstDelayMs = 0;

  constructor(clock: Pick<Clock, 'after'>) {
    this.clock = clock;
    this.waitForFirstLook();
  }

  /** Whether somebody wants to know. */
  set watched(isWatched: boolean) {
    const resolution = isWatched ? WATCHED_MS : UNWATCHED_MS;
    if (resolution === this.resolutionMs) return;
    this.stop();
    this.resolutionMs = resolution;
    this.histogram = enabled(resolution);
    this.waitForFirstLook();
  }

  /** The longest since the last time this was asked, in milliseconds. */
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
