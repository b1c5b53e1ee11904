import { XPathError } from './tokens.ts';

/**
 * Counts a piece of work that an expression takes: about one step for each node that is looked at, or for some characters of text.
 * @throws XPathError when all steps of the evaluation are spent.
 */
export type Spend = (steps: number) => void;

/** The work of one evaluation: it runs in the server's own process, so it has an end. */
export function workOf(expression: string, maxSteps: number): Spend {
  let left = maxSteps;
  return (steps) => {
    left -= steps;
    if (left < 0) throw new XPathError(expression, `takes more than ${maxSteps} steps of work; ask for less at a time`);
  };
}

/** For work that nobody counts. */
export const FREE: Spend = () => {};

/** So many characters of a text are copied or compared in one step. */
const CHARACTERS = 16;

/** The steps it takes to copy or compare a text. */
export function stepsFor(text: string): number {
  return 1 + text.length / CHARACTERS;
}
