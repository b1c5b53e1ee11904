/** Bounds how much a reader reads without a pause. */
export interface Pace {
  /**
   * Called after each part, if another one follows.
   * @param weight The approximate work; a plain stanza is 1.
   * @returns whether to read on now.
   */
  goesOn(weight: number): boolean;
}

/** For a reader without pauses. */
export const WITHOUT_PAUSE: Pace = { goesOn: () => true };
