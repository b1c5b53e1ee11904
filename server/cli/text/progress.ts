import { SYSTEM_TIME } from '../../kernel/clock.ts';

const EVERY_MS = 3_000;

/**
 * Prints to standard error, every few seconds, the things a command still waits for.
 * @param missing Makes the text; `''`: nothing to print yet.
 * @returns a function that stops it.
 */
export function sayWhileWaiting(missing: () => string): () => void {
  const begin = SYSTEM_TIME.now();
  const timer = setInterval(() => {
    const text = missing();
    const seconds = Math.round((SYSTEM_TIME.now() - begin) / 1000);
    if (text !== '') process.stderr.write(`opensrf-chopchop: still waiting after ${seconds} s: ${text}\n`);
  }, EVERY_MS);
  return () => clearInterval(timer);
}
