import type { ChopChopFixture, ResetScope } from './fixture.ts';
import type { FixtureOptions } from './fixture-options.ts';

/**
 * The options of {@link UseChopChop}: those of `startChopChop`, and the helper's own.
 * @public
 */
export interface UseChopChopOptions extends FixtureOptions {
  /** The parts that are reset before each test; by default `stubs`, `log` and `faults`. An empty list: none, for stubs that are started once for all tests. */
  readonly reset?: readonly ResetScope[];
  /**
   * The folder for the page of all requests, `ChopChopFixture.report()`, that is written when a test has failed; `opensrf-chopchop-reports` by default. `''`:
   * none.
   */
  readonly reports?: string;
}

/**
 * Gives all tests of a file, or of a `describe`, one fixture: starts it before the first test, resets it before each test, stops it after the last one.
 * Call it where hooks are declared; use the fixture in tests and hooks.
 *
 *     const jabber = useChopChop();
 *     test('a sum', async () => {
 *       await jabber.service('opensrf.math', { add: (a, b) => a + b });
 *       …
 *     });
 * @throws TypeError for an invalid option of the helper's own. The runner reports an error of the start.
 * @public
 */
export type UseChopChop = (options?: UseChopChopOptions) => ChopChopFixture;
