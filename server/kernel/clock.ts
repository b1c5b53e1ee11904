import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../../shared/clock.ts';
import type { Guard } from './guard.ts';
import { clearInterval, clearTimeout, microtask, setImmediate, setInterval, setTimeout } from './native.ts';

// Saved here, because tests replace them.
const { now: wallTime } = Date;
const monotonicTime = performance.now.bind(performance);

/** The readings of this machine's clocks. */
export const SYSTEM_TIME: Pick<Clock, 'now' | 'wallTime'> = {
  now: () => monotonicTime(),
  wallTime: () => wallTime(),
};

/** A clock with every kind of timer. All timers of a server are started here. */
export interface ServerClock extends Clock {
  /** Calls the action periodically. */
  every(ms: number, action: () => void): Timer;
  /** Calls the action once this turn of the event loop has read its input (`setImmediate`). */
  soon(action: () => void): void;
  /** Calls the action after the current code has returned, before any input is read. */
  next(action: () => void): void;
  /** Calls no action any more: another process goes on. */
  silence(): void;
}

/** A clock whose timers do not keep the process alive. @param guard Catches their failures, which would otherwise end the process. */
export function createClock(guarded: Pick<Guard, 'run'>): ServerClock {
  let guard = guarded;
  return {
    ...SYSTEM_TIME,
    after(ms, action) {
      const timer = setTimeout(() => guard.run(action), ms).unref();
      return { cancel: () => clearTimeout(timer) };
    },
    every(ms, action) {
      const timer = setInterval(() => guard.run(action), ms).unref();
      return { cancel: () => clearInterval(timer) };
    },
    soon: (action) => void setImmediate(() => guard.run(action)),
    next: (action) => microtask(() => guard.run(action)),
    silence() {
      guard = { run: () => true };
    },
  };
}
