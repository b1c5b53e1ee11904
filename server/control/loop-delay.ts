import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { SYSTEM_TIME } from '../kernel/clock.ts';

// Each look wakes the process up. What is shorter than the time between two of them is seen by chance.
const WATCHED_MS = 20;
const UNWATCHED_MS = 100;

/** How long the event loop is held up: looked at more closely while somebody wants to know. */
export class LoopDelay {
  private resolutionMs = UNWATCHED_MS;
  private histogram = enabled(UNWATCHED_MS);
  /** The histogram leaves out the time until its first look after a reset; that is measured here. */
  private firstLook: NodeJS.Timeout | null = null;
  private firstDelayMs = 0;

  constructor() {
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
    if (this.firstLook !== null) clearTimeout(this.firstLook);
  }

  private waitForFirstLook(): void {
    const due = SYSTEM_TIME.now() + this.resolutionMs;
    this.firstDelayMs = 0;
    if (this.firstLook !== null) clearTimeout(this.firstLook);
    this.firstLook = setTimeout(() => (this.firstDelayMs = SYSTEM_TIME.now() - due), this.resolutionMs).unref();
  }
}

function enabled(resolution: number): IntervalHistogram {
  const histogram = monitorEventLoopDelay({ resolution });
  histogram.enable();
  return histogram;
}
