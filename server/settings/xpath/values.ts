import { isText, type XmlNode } from '../../xml/xml-node.ts';
import { type Spend, stepsFor } from './work.ts';

/** The value of an expression (XPath 1.0 §1); nodes are in document order. */
export type Value = readonly XmlNode[] | string | number | boolean;

/** Whether a value is a set of nodes. */
export function isNodes(value: Value): value is readonly XmlNode[] {
  return typeof value === 'object';
}

/** The string value of a node (XPath 1.0 §5). */
export function stringOf(node: XmlNode, spend: Spend): string {
  const [only, more] = node.children;
  if (only !== undefined && more === undefined && isText(only)) {
    spend(1 + stepsFor(only.value));
    return only.value;
  }
  const parts: string[] = [];
  addText(node, parts, spend);
  return parts.join('');
}

function addText(node: XmlNode, parts: string[], spend: Spend): void {
  if (node.kind !== 'element' && node.kind !== 'document') {
    spend(stepsFor(node.value));
    parts.push(node.value);
    return;
  }
  spend(1);
  for (const child of node.children) if (isText(child) || child.kind === 'element') addText(child, parts, spend);
}

/** XPath 1.0 §4.2 */
export function toText(value: Value, spend: Spend): string {
  if (!isNodes(value)) return Object.is(value, -0) ? '0' : String(value);
  const [first] = value;
  return first === undefined ? '' : stringOf(first, spend);
}

/** XPath 1.0 §4.4 */
export function toNumber(value: Value, spend: Spend): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const text = toText(value, spend);
  spend(stepsFor(text));
  return /^[ \t\r\n]*-?(?:\d+(?:\.\d*)?|\.\d+)[ \t\r\n]*$/.test(text) ? Number(text) : Number.NaN;
}

/** XPath 1.0 §4.3 */
export function toBoolean(value: Value): boolean {
  return isNodes(value) ? value.length > 0 : typeof value === 'number' ? value !== 0 && !Number.isNaN(value) : Boolean(value);
}
