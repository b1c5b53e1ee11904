import type * as nodeTest from 'node:test';
import type { UseChopChop } from '../api/use-chop-chop.ts';
import { callerOf } from '../fixture/unstopped.ts';
import { FileFixture } from './file-fixture.ts';

/** The functions of Vitest and of Jest that declare hooks. */
interface Hooks {
  beforeAll(hook: () => Promise<void>): unknown;
  beforeEach(hook: () => Promise<void>): unknown;
  afterAll(hook: () => Promise<void>): unknown;
}

/** @returns The helper for Vitest or Jest. */
export function forHooks({ beforeAll, beforeEach, afterAll }: Hooks): UseChopChop {
  return function useChopChop(options = {}) {
    const fixture = new FileFixture(options, callerOf(useChopChop));
    beforeAll(() => fixture.start());
    beforeEach(() => fixture.next());
    afterAll(() => fixture.end());
    return fixture.face;
  };
}

/** @returns The helper for node:test. */
export function forNodeTest({ before, beforeEach, after }: typeof nodeTest): UseChopChop {
  return forHooks({ beforeAll: before, beforeEach, afterAll: after });
}
