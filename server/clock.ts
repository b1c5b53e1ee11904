import type { Clock } from '../router/environment.ts';

/** The time of the machine. Its timers do not keep the process alive. */
export const clock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
