import { XPathError } from './tokens.ts';

/**
 * Counts the work of an expression: about one step for each visited node, or for some characters of text.
 * @throws XPathError when all steps of the evaluation are spent.
 */
export type Spend = (steps: number) => void;

/** Bounds the work of one evaluation, because it runs in the server's process. */
export function workOf(expression: string, maxSteps: number): Spend {
  let left = maxSteps;
  return (steps) => {
    left -= steps;
    if (left < 0) throw new XPathError(expression, `takes more than ${maxSteps} steps of work; select less at a time`);
  };
}

/** Counts nothing. */
export const FREE: Spend = () => {};

/** The characters that are copied or compared in one step. */
const CHARACTERS = 16;

/** The steps for copying or comparing a text. */
export function stepsFor(text: string): number {
  return 1 + text.length / CHARACTERS;
}
