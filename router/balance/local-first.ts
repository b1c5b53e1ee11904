import type { Balance, BalancedNode } from './balance.ts';

/** Chooses a node of this process while one is not stalled, otherwise among all nodes. */
export class LocalFirst<Node extends BalancedNode> implements Balance<Node> {
  private readonly local: Balance<Node>;
  private readonly all: Balance<Node>;

  /** @param local An empty pool. @param all Another one. */
  constructor(local: Balance<Node>, all: Balance<Node>) {
    this.local = local;
    this.all = all;
  }

  add(node: Node): void {
    this.all.add(node);
    if (node.local) this.local.add(node);
  }

  remove(node: Node): void {
    this.all.remove(node);
    if (node.local) this.local.remove(node);
  }

  next(): Node | null {
    const node = this.local.next();
    return node === null || node.stalled ? this.all.next() : node;
  }

  inOrder(): Node[] {
    return [...this.local.inOrder(), ...this.all.inOrder().filter(({ local }) => !local)];
  }

  outstandingChanged(node: Node, before: number): void {
    this.all.outstandingChanged(node, before);
    if (node.local) this.local.outstandingChanged(node, before);
  }
}
