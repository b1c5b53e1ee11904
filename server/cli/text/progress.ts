import { SYSTEM_TIME } from '../../kernel/clock.ts';

const EVERY_MS = 3_000;

/**
 * Says on standard error every few seconds what a command still waits for.
 * @param missing Gives the text; `''`: there is nothing to say yet.
 * @returns a function that ends it.
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
