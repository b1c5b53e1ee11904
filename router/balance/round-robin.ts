import { type Balance, type BalancedNode, MOST_TRIES } from './balance.ts';

/** Chooses nodes in order of registration; a node that leaves causes no other node to be skipped. */
export class RoundRobin<Node extends BalancedNode> implements Balance<Node> {
  private readonly nodes: Node[] = [];
  private turn = 0;

  add(node: Node): void {
    this.nodes.push(node);
  }

  remove(node: Node): void {
    const index = this.nodes.indexOf(node);
    if (index === -1) return;
    this.nodes.splice(index, 1);
    if (index < this.turn) this.turn--;
  }

  next(): Node | null {
    const { nodes } = this;
    if (this.turn >= nodes.length) this.turn = 0;
    if (nodes.length === 0) return null;
    const first = this.turn;
    for (let tried = 0; tried < Math.min(nodes.length, MOST_TRIES); tried++) {
      const index = (first + tried) % nodes.length;
      const node = nodes[index] as Node;
      if (node.stalled) continue;
      this.turn = index + 1;
      return node;
    }
    this.turn = first + 1;
    return nodes[first] ?? null;
  }

  inOrder(): Node[] {
    return [...this.nodes.slice(this.turn), ...this.nodes.slice(0, this.turn)];
  }

  outstandingChanged(): void {}
}
