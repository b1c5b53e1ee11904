/** Sums the memory kept for one peer. */
export interface MemoryAccount {
  /** Adds to the sum; a negative number subtracts. */
  charge(bytes: number): void;
}

/** The account of memory kept for no peer. */
export const NO_ACCOUNT: MemoryAccount = Object.freeze({ charge: () => {} });
