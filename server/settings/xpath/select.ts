import type { XmlNode } from '../../xml/xml-node.ts';
import { parseXPath } from './parser.ts';
import { XPathError } from './tokens.ts';
import { isNodes } from './values.ts';

/** One evaluation may look at so many nodes: it runs in the server's own process, and the longest file has some ten thousand. */
const MAX_VISITS = 2_000_000;

/**
 * The nodes an XPath 1.0 expression selects, in document order.
 * @param root The context node; prefixes are those declared on it.
 * @throws XPathError
 */
export function select(root: XmlNode, expression: string): readonly XmlNode[] {
  const namespace = (prefix: string) => root.attributes.find(({ name }) => name === `xmlns:${prefix}`)?.value;
  let visits = 0;
  const visit = (nodes: number) => {
    visits += nodes;
    if (visits > MAX_VISITS) throw new XPathError(expression, `looks at more than ${MAX_VISITS} nodes`);
  };
  const value = parseXPath(expression, namespace)({ node: root, position: 1, size: 1, visit });
  if (!isNodes(value)) throw new XPathError(expression, 'selects no nodes');
  return value;
}
