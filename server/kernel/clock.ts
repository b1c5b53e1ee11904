import type { Clock } from '../../router/environment.ts';
import type { Log } from './log.ts';

/**
 * The time of the machine as it was at the start, and what has passed since: to set the machine's clock moves no deadline of ours.
 * Its timers do not keep the process alive, and a mistake in one does not end it.
 */
export function createClock(log: Log): Clock {
  const start = Date.now() - performance.now();
  return {
    now: () => Math.round(start + performance.now()),
    after(ms, action) {
      const timer = setTimeout(() => {
        try {
          action();
        } catch (error) {
          log.error({ err: error }, 'a timer failed');
        }
      }, ms);
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}
