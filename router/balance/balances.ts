import type { Balance, BalancedNode } from './balance.ts';
import { LeastOutstanding } from './least-outstanding.ts';
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

/** An empty pool of the given kind. */
export function createBalance<Node extends BalancedNode>(name: BalanceName): Balance<Node> {
  return CREATE[name]<Node>();
}
