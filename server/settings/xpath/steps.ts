import type { XmlNode } from '../../xml/xml-node.ts';
import type { Axis } from './axes.ts';
import type { Context } from './functions.ts';
import { isNodes, toBoolean, type Value } from './values.ts';
import type { Spend } from './work.ts';

/** A compiled expression. */
export type Expression = (context: Context) => Value;

/** Which nodes of an axis a step takes. */
export type NodeTest = (node: XmlNode) => boolean;

/** A compiled predicate. */
export interface Predicate {
  readonly expression: Expression;
  /** How many tokens it has: about the steps it takes to evaluate it where it selects no nodes. */
  readonly tokens: number;
}

/** One step of a path (XPath 1.0 §2.1). */
export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Predicate[];
}

/** The nodes that steps lead to. */
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

/** XPath 1.0 §2.4: a number is the place of a node among those that are left. */
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

/** To put a node where it belongs takes so many steps. */
const STEPS_TO_SORT = 3;

/** Each node once. */
export function inDocumentOrder(nodes: readonly XmlNode[], spend: Spend): readonly XmlNode[] {
  if (isInDocumentOrder(nodes)) return nodes;
  spend(STEPS_TO_SORT * nodes.length);
  return [...new Set(nodes)].sort((a, b) => a.order - b.order);
}

/** Whether they are, and each is there once. */
function isInDocumentOrder(nodes: readonly XmlNode[]): boolean {
  let last = -1;
  for (const { order } of nodes) {
    if (order <= last) return false;
    last = order;
  }
  return true;
}

/** The nodes a part of a path has come to. */
export function nodesOf(value: Value): readonly XmlNode[] {
  if (!isNodes(value)) throw new Error('only nodes have nodes below them');
  return value;
}
