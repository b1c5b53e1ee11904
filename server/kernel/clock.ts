import type { Clock } from '../../shared/clock.ts';
import type { Log } from './log.ts';

/** The two readings of a {@link Clock} as this machine gives them. */
export const SYSTEM_TIME: Pick<Clock, 'now' | 'wallTime'> = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
};

/** A clock whose timers do not keep the process alive, and whose failures are logged and do not end it. */
export function createClock(log: Log): Clock {
  return {
    ...SYSTEM_TIME,
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
