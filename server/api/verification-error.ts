import * as implementation from '../fixture/requests/verification-error.ts';
import type { ClassOf } from './class-of.ts';
import type { Exchange } from './requests.ts';

/**
 * The requests are not as `verify()` or `verifyOrder()` expects them. `message` lists them, and the nearest one with its differences.
 * @public
 */
export interface VerificationError extends Error {
  /** The name of the type. */
  readonly name: 'VerificationError';
  /** `ERR_ASSERTION`, as of every AssertionError of Node. */
  readonly code: 'ERR_ASSERTION';
  /** The received request that the filter missed most narrowly; null if there is none. */
  readonly nearest: Exchange | null;
  /** Its differences, each as `params[1]: expected 3, got 2`. */
  readonly differences: readonly string[];
}

/** The class of {@link VerificationError}. */
export const VerificationError: ClassOf<VerificationError> = implementation.VerificationError;
