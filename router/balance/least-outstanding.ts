import type { Balance, BalancedNode } from './balance.ts';

/** The node with the fewest unanswered requests; among equals the one that has waited longest. */
export class LeastOutstanding<Node extends BalancedNode> implements Balance<Node> {
  /** By count of unanswered requests. Sets keep the order of arrival, so each choice and each change takes constant time. */
  private readonly byCount: Set<Node>[] = [];
  /** No set below this one has a node in it. */
  private lowest = 0;

  add(node: Node): void {
    this.setOf(node.unanswered).add(node);
    this.lowest = Math.min(this.lowest, node.unanswered);
  }

  remove(node: Node): void {
    this.byCount[node.unanswered]?.delete(node);
  }

  next(): Node | null {
    const node = this.first(takesBytes) ?? this.first(any);
    // Requests without a thread do not change the count, and must take turns all the same.
    if (node !== null) this.moveToEnd(node);
    return node;
  }

  unansweredChanged(node: Node, before: number): void {
    if (this.byCount[before]?.delete(node) === true) this.add(node);
  }

  private first(fits: (node: Node) => boolean): Node | null {
    while (this.lowest < this.byCount.length && this.setOf(this.lowest).size === 0) this.lowest++;
    for (let count = this.lowest; count < this.byCount.length; count++) {
      for (const node of this.setOf(count)) if (fits(node)) return node;
    }
    return null;
  }

  private moveToEnd(node: Node): void {
    const nodes = this.setOf(node.unanswered);
    nodes.delete(node);
    nodes.add(node);
  }

  private setOf(count: number): Set<Node> {
    this.byCount[count] ??= new Set();
    return this.byCount[count];
  }
}

function takesBytes(node: BalancedNode): boolean {
  return !node.stalled;
}

function any(): boolean {
  return true;
}
