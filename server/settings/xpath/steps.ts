import type { XmlNode } from '../../xml/xml-node.ts';
import type { Axis } from './axes.ts';
import type { Context } from './functions.ts';
import { isNodes, toBoolean, type Value } from './values.ts';

/** A compiled expression. */
export type Expression = (context: Context) => Value;

/** Which nodes of an axis a step takes. */
export type NodeTest = (node: XmlNode) => boolean;

/** One step of a path (XPath 1.0 §2.1). */
export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Expression[];
}

/** The nodes that steps lead to. */
export function walk(start: readonly XmlNode[], steps: readonly Step[], visit: Context['visit']): readonly XmlNode[] {
  let nodes = start;
  for (const step of steps) nodes = inDocumentOrder(nodes.flatMap((node) => take(node, step, visit)));
  return nodes;
}

function take(node: XmlNode, { axis, test, predicates }: Step, visit: Context['visit']): readonly XmlNode[] {
  const candidates = axis(node);
  visit(candidates.length);
  return filter(candidates.filter(test), predicates, visit);
}

/** XPath 1.0 §2.4: a number is the place of a node among those that are left. */
export function filter(nodes: readonly XmlNode[], predicates: readonly Expression[], visit: Context['visit']): readonly XmlNode[] {
  let left = nodes;
  for (const predicate of predicates) {
    const size = left.length;
    visit(size);
    left = left.filter((node, index) => {
      const value = predicate({ node, position: index + 1, size, visit });
      return typeof value === 'number' ? value === index + 1 : toBoolean(value);
    });
  }
  return left;
}

/** Each node once. */
export function inDocumentOrder(nodes: readonly XmlNode[]): XmlNode[] {
  return [...new Set(nodes)].sort((a, b) => a.order - b.order);
}

/** The nodes a part of a path has come to. */
export function nodesOf(value: Value): readonly XmlNode[] {
  if (!isNodes(value)) throw new Error('only nodes have nodes below them');
  return value;
}
