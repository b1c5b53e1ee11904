/** A class without a public constructor, for `instanceof`. */
// biome-ignore lint/complexity/noBannedTypes: `instanceof` needs a Function, and this one cannot be called
export interface ClassOf<Instance> extends Function {
  /** Lets `instanceof` narrow a type. */
  readonly prototype: Instance;
}
