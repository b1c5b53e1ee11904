import type { XmlNode } from '../../xml/xml-node.ts';
import { isNodes, stringOf, toBoolean, toNumber, type Value } from './values.ts';
import { type Spend, stepsFor } from './work.ts';

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

type Single = string | number | boolean;

/** XPath 1.0 §3.4 */
export function compare(operator: Comparison, left: Value, right: Value, spend: Spend): boolean {
  if (typeof left === 'boolean' || typeof right === 'boolean') return compareSingle(operator, toBoolean(left), toBoolean(right), spend);
  if (isNodes(left) && isNodes(right)) return compareSets(operator, left, right, spend);
  if (isNodes(left)) return left.some((node) => compareSingle(operator, valueLike(right as Single, node, spend), right as Single, spend));
  if (isNodes(right)) return right.some((node) => compareSingle(operator, left, valueLike(left, node, spend), spend));
  return compareSingle(operator, left, right, spend);
}

/** The value of a node in a comparison with a number or a string. */
function valueLike(other: Single, node: XmlNode, spend: Spend): Single {
  const text = stringOf(node, spend);
  return typeof other === 'number' ? toNumber(text, spend) : text;
}

/** Whether a pair of nodes of two sets satisfies the comparison, without comparing each pair, which would be quadratic. */
function compareSets(operator: Comparison, left: readonly XmlNode[], right: readonly XmlNode[], spend: Spend): boolean {
  if (left.length === 0 || right.length === 0) return false;
  switch (operator) {
    case '=':
      return isOneOf(textsOf(left, spend), textsOf(right, spend));
    case '!=': {
      const texts = new Set([...textsOf(left, spend), ...textsOf(right, spend)]);
      return texts.size > 1;
    }
    case '<':
    case '<=':
      return compareSingle(operator, extreme(left, 'least', spend), extreme(right, 'most', spend), spend);
    case '>':
    case '>=':
      return compareSingle(operator, extreme(left, 'most', spend), extreme(right, 'least', spend), spend);
  }
}

function isOneOf(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const text of some) if (others.has(text)) return true;
  return false;
}

function textsOf(nodes: readonly XmlNode[], spend: Spend): Set<string> {
  return new Set(nodes.map((node) => stringOf(node, spend)));
}

/** The minimum or maximum number of a set; NaN without any, which compares false with every number. */
function extreme(nodes: readonly XmlNode[], which: 'least' | 'most', spend: Spend): number {
  let found = Number.NaN;
  for (const node of nodes) {
    const number = toNumber(stringOf(node, spend), spend);
    if (Number.isNaN(found) || (which === 'least' ? number < found : number > found)) found = number;
  }
  return found;
}

function compareSingle(operator: Comparison, left: Single, right: Single, spend: Spend): boolean {
  const equality = operator === '=' || operator === '!=';
  if (equality && typeof left === typeof right) {
    if (typeof left === 'string') spend(stepsFor(left));
    return (left === right) === (operator === '=');
  }
  const [a, b] = [toNumber(left, spend), toNumber(right, spend)];
  switch (operator) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}
