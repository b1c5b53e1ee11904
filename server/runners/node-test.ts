/** The helper for node:test. */

import * as nodeTest from 'node:test';
import type { UseChopChop } from '../api/use-chop-chop.ts';
import { forNodeTest, type NodeTest } from './runners.ts';

export type { UseChopChop, UseChopChopOptions } from '../api/use-chop-chop.ts';

/**
 * Gives all tests of a file one fixture: see {@link UseChopChop}.
 * @public
 */
export const useChopChop: UseChopChop = forNodeTest(nodeTest as unknown as NodeTest);
