/** Runs all steps in order, also those behind one that throws. @throws the first error, when all have run. */
export function runAll(...steps: readonly (() => void)[]): void {
  forAll(steps, (step) => step());
}

/** Does something with each item in order, also with those behind one where that throws. @throws the first error, when all have had their turn. */
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
