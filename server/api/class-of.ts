/** A class that the library makes objects of and a user does not: for `instanceof`, without a constructor. */
// biome-ignore lint/complexity/noBannedTypes: `instanceof` wants a Function, and this one cannot be called
export interface ClassOf<Instance> extends Function {
  /** By it `instanceof` narrows a type. */
  readonly prototype: Instance;
}
