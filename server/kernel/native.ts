import * as timers from 'node:timers';

/**
 * Node's own timers, saved when this file is loaded. Tests replace the global ones (`useFakeTimers`), and jsdom's have no `unref`; the
 * server must still answer.
 */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate } = timers;

/** Node's own `process.nextTick`. */
export const nextTick: (action: () => void) => void = process.nextTick.bind(process);

const settled = Promise.resolve();

/** Calls the action after the current code has returned, by a promise: unlike `queueMicrotask`, no test can replace `then`. */
export function microtask(action: () => void): void {
  void settled.then(action);
}

const FAKED =
  'opensrf-chopchop was loaded while Node’s timers were replaced by fake ones, so it would never answer: import it before you call useFakeTimers (or mock.timers.enable)';

/** @throws Error if a test has replaced Node's timers already. */
function refuseFakes(): void {
  // Bun's and Deno's timers have other members.
  if ('bun' in process.versions || 'deno' in process.versions) return;
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  if (!('_idleTimeout' in timer)) throw new Error(FAKED);
}

refuseFakes();
