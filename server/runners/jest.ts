/** The helper for Jest. */

import type { UseChopChop } from '../api/use-chop-chop.ts';
import { forJest } from './runners.ts';

export type { UseChopChop, UseChopChopOptions } from '../api/use-chop-chop.ts';

/** Not a literal: the compiler would look for its types, which only the user's project has. */
const JEST: string = '@jest/globals';

/**
 * Gives all tests of a file one fixture: see {@link UseChopChop}.
 * @public
 */
export const useChopChop: UseChopChop = forJest(await import(JEST));
