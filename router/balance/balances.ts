import type { Balance, BalancedNode } from './balance.ts';
import { LeastOutstanding } from './least-outstanding.ts';
import { LocalFirst } from './local-first.ts';
import { RoundRobin } from './round-robin.ts';

/** The balance strategies by the names of `--balance`. */
const CREATE = {
  'round-robin': <Node extends BalancedNode>(): Balance<Node> => new RoundRobin<Node>(),
  'least-outstanding': <Node extends BalancedNode>(): Balance<Node> => new LeastOutstanding<Node>(),
} as const;

/** The name of a balance. */
export type BalanceName = keyof typeof CREATE;

/** The names of all balances, the default first. */
export const BALANCES = Object.keys(CREATE) as readonly BalanceName[];

/** An empty pool of the given kind. @param localFirst Whether it prefers the nodes of this process. */
export function createBalance<Node extends BalancedNode>(name: BalanceName, localFirst: boolean): Balance<Node> {
  const all = CREATE[name]<Node>();
  return localFirst ? new LocalFirst(CREATE[name]<Node>(), all) : all;
}
