/** Bounds how much a reader reads at once. */
export interface Pace {
  /**
   * Called behind each bit that was read, where another one follows.
   * @param weight About how much work it was; a stanza of the plain shape is 1.
   * @returns whether the reader goes on now.
   */
  goesOn(weight: number): boolean;
}

/** For a reader that reads everything at once. */
export const WITHOUT_PAUSE: Pace = { goesOn: () => true };
