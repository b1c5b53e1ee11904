import type { XmlNode } from '../../xml/xml-node.ts';
import { parseXPath } from './parser.ts';
import { XPathError } from './tokens.ts';
import { isNodes } from './values.ts';
import type { Spend } from './work.ts';

/**
 * Selects the nodes of an XPath 1.0 expression, in document order.
 * @param root The context node, which declares the prefixes.
 * @throws XPathError
 */
export function select(root: XmlNode, expression: string, spend: Spend): readonly XmlNode[] {
  const namespace = (prefix: string) => root.attributes.find(({ name }) => name === `xmlns:${prefix}`)?.value;
  const value = parseXPath(expression, namespace)({ node: root, position: 1, size: 1, spend });
  if (!isNodes(value)) throw new XPathError(expression, 'selects no nodes');
  return value;
}
