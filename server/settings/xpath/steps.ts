import type { XmlNode } from '../../xml/xml-node.ts';
import type { Axis } from './axes.ts';
import type { Context } from './functions.ts';
import { isNodes, toBoolean, type Value } from './values.ts';
import type { Spend } from './work.ts';

/** A compiled expression. */
export type Expression = (context: Context) => Value;

/** Selects nodes of an axis. */
export type NodeTest = (node: XmlNode) => boolean;

/** A compiled predicate. */
export interface Predicate {
  readonly expression: Expression;
  /** The number of tokens: roughly the steps of an evaluation that selects no nodes. */
  readonly tokens: number;
}

/** One step of a path (XPath 1.0 §2.1). */
export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Predicate[];
}

/** Follows the steps of a path. */
export function walk(start: readonly XmlNode[], steps: readonly Step[], spend: Spend): readonly XmlNode[] {
  let nodes = start;
  for (const step of steps) {
    const found: XmlNode[] = [];
    for (const node of nodes) take(node, step, found, spend);
    nodes = inDocumentOrder(found, spend);
  }
  return nodes;
}

function take(node: XmlNode, { axis, test, predicates }: Step, found: XmlNode[], spend: Spend): void {
  const candidates = axis(node);
  spend(1 + candidates.length);
  const taken = candidates.filter(test);
  for (const one of predicates.length === 0 ? taken : filter(taken, predicates, spend)) found.push(one);
}

/** XPath 1.0 §2.4: a number is the position of a node among the remaining ones. */
export function filter(nodes: readonly XmlNode[], predicates: readonly Predicate[], spend: Spend): readonly XmlNode[] {
  let left = nodes;
  for (const { expression, tokens } of predicates) {
    const size = left.length;
    left = left.filter((node, index) => {
      spend(tokens);
      const value = expression({ node, position: index + 1, size, spend });
      return typeof value === 'number' ? value === index + 1 : toBoolean(value);
    });
  }
  return left;
}

/** The steps per node for sorting. */
const STEPS_TO_SORT = 3;

/** Sorts nodes and removes duplicates. */
export function inDocumentOrder(nodes: readonly XmlNode[], spend: Spend): readonly XmlNode[] {
  if (isInDocumentOrder(nodes)) return nodes;
  spend(STEPS_TO_SORT * nodes.length);
  return [...new Set(nodes)].sort((a, b) => a.order - b.order);
}

/** Whether the nodes are in document order, without duplicates. */
function isInDocumentOrder(nodes: readonly XmlNode[]): boolean {
  let last = -1;
  for (const { order } of nodes) {
    if (order <= last) return false;
    last = order;
  }
  return true;
}

/** The nodes of a value. @throws Error if it is not a node set. */
export function nodesOf(value: Value): readonly XmlNode[] {
  if (!isNodes(value)) throw new Error('a path can follow nodes only');
  return value;
}
