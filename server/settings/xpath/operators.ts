import { type Comparison, compare } from './compare.ts';
import type { Expression } from './steps.ts';
import { toBoolean, toNumber } from './values.ts';

/** Binary operators of one precedence. */
export type Operators = Readonly<Record<string, (left: Expression, right: Expression) => Expression>>;

const number =
  (operation: (a: number, b: number) => number) =>
  (left: Expression, right: Expression): Expression => {
    return (context) => operation(toNumber(left(context), context.spend), toNumber(right(context), context.spend));
  };
const comparison =
  (operator: Comparison) =>
  (left: Expression, right: Expression): Expression => {
    return (context) => compare(operator, left(context), right(context), context.spend);
  };

/** From the lowest to the highest precedence (XPath 1.0 §3.5). */
export const PRECEDENCE: readonly Operators[] = [
  { or: (left, right) => (context) => toBoolean(left(context)) || toBoolean(right(context)) },
  { and: (left, right) => (context) => toBoolean(left(context)) && toBoolean(right(context)) },
  { '=': comparison('='), '!=': comparison('!=') },
  { '<': comparison('<'), '<=': comparison('<='), '>': comparison('>'), '>=': comparison('>=') },
  { '+': number((a, b) => a + b), '-': number((a, b) => a - b) },
  { '*': number((a, b) => a * b), div: number((a, b) => a / b), mod: number((a, b) => a % b) },
];
