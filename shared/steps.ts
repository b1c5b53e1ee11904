/** Runs all steps in order, even after one throws. @throws the first error, after all have run. */
export function runAll(...steps: readonly (() => void)[]): void {
  forAll(steps, (step) => step());
}

/** Calls the action for each item in order, even after one throws. @throws the first error, after all calls. */
export function forAll<Item>(items: Iterable<Item>, action: (item: Item) => void): void {
  const errors: unknown[] = [];
  for (const item of items) {
    try {
      action(item);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
