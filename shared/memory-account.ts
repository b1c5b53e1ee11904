/** Adds up the memory that is kept for one peer. */
export interface MemoryAccount {
  /** Notes that more is kept, or less where the number is negative. */
  charge(bytes: number): void;
}

/** The account of what is kept for no peer. */
export const NO_ACCOUNT: MemoryAccount = Object.freeze({ charge: () => {} });
