import { isText, type XmlNode } from '../../xml/xml-node.ts';

/** What an expression comes to (XPath 1.0 §1); nodes are in document order. */
export type Value = readonly XmlNode[] | string | number | boolean;

/** Whether a value is a set of nodes. */
export function isNodes(value: Value): value is readonly XmlNode[] {
  return typeof value === 'object';
}

/** The text of a node (XPath 1.0 §5): of an element all that is in it. */
export function stringOf(node: XmlNode): string {
  if (node.kind !== 'element' && node.kind !== 'document') return node.value;
  return node.children.map((child) => (isText(child) || child.kind === 'element' ? stringOf(child) : '')).join('');
}

/** XPath 1.0 §4.2 */
export function toText(value: Value): string {
  if (!isNodes(value)) return Object.is(value, -0) ? '0' : String(value);
  const [first] = value;
  return first === undefined ? '' : stringOf(first);
}

/** XPath 1.0 §4.4 */
export function toNumber(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toText(value);
  return /^[ \t\r\n]*-?(?:\d+(?:\.\d*)?|\.\d+)[ \t\r\n]*$/.test(text) ? Number(text) : Number.NaN;
}

/** XPath 1.0 §4.3 */
export function toBoolean(value: Value): boolean {
  return isNodes(value) ? value.length > 0 : typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : Boolean(value);
}

type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

/** XPath 1.0 §3.4 */
export function compare(operator: Comparison, left: Value, right: Value): boolean {
  if (typeof left === 'boolean' || typeof right === 'boolean') return compareSingle(operator, toBoolean(left), toBoolean(right));
  if (isNodes(left)) return left.some((node) => compare(operator, typeof right === 'number' ? toNumber(stringOf(node)) : stringOf(node), right));
  if (isNodes(right)) return right.some((node) => compare(operator, left, typeof left === 'number' ? toNumber(stringOf(node)) : stringOf(node)));
  return compareSingle(operator, left, right);
}

function compareSingle(operator: Comparison, left: string | number | boolean, right: string | number | boolean): boolean {
  const equality = operator === '=' || operator === '!=';
  if (equality && typeof left === typeof right) return (left === right) === (operator === '=');
  const [a, b] = [toNumber(left), toNumber(right)];
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
