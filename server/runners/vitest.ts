/** The helper for Vitest. */

import type { UseChopChop } from '../api/use-chop-chop.ts';
import { forVitest } from './runners.ts';

export type { UseChopChop, UseChopChopOptions } from '../api/use-chop-chop.ts';

/** Not a literal: the compiler would look for its types, which only the user's project has. */
const VITEST: string = 'vitest';

/**
 * Gives all tests of a file one fixture: see {@link UseChopChop}.
 * @public
 */
export const useChopChop: UseChopChop = forVitest(await import(VITEST));
