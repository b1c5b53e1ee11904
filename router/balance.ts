import type { BalanceName } from './options.ts';
import type { ServiceNode } from './service-node.ts';

/** The pool of nodes that may get requests, and the choice among them. */
export interface Balance {
  add(node: ServiceNode): void;
  remove(node: ServiceNode): void;
  /** The node for the next request; null if there is none. A stalled one is chosen only where all are stalled. */
  next(): ServiceNode | null;
  /** The node's count of unanswered requests has changed by one. */
  unansweredChanged(node: ServiceNode, before: number): void;
}

/** The pool of the given kind. */
export function createBalance(name: BalanceName): Balance {
  switch (name) {
    case 'round-robin':
      return new RoundRobin();
    case 'least-outstanding':
      return new LeastOutstanding();
  }
}

/** In order of registration, one after the other; a node that leaves does not make the turn skip another. */
class RoundRobin implements Balance {
  private readonly nodes: ServiceNode[] = [];
  private turn = 0;

  add(node: ServiceNode): void {
    this.nodes.push(node);
  }

  remove(node: ServiceNode): void {
    const index = this.nodes.indexOf(node);
    if (index === -1) return;
    this.nodes.splice(index, 1);
    if (index < this.turn) this.turn--;
  }

  next(): ServiceNode | null {
    const { nodes } = this;
    if (this.turn >= nodes.length) this.turn = 0;
    if (nodes.length === 0) return null;
    const first = this.turn;
    for (let tried = 0; tried < nodes.length; tried++) {
      const index = (first + tried) % nodes.length;
      const node = nodes[index] as ServiceNode;
      if (node.session.stalled) continue;
      this.turn = index + 1;
      return node;
    }
    this.turn = first + 1;
    return nodes[first] ?? null;
  }

  unansweredChanged(): void {}
}

/** The node with the fewest unanswered requests; among equals the one that has waited longest. */
class LeastOutstanding implements Balance {
  /** By count of unanswered requests. Sets keep the order of arrival, so each choice and each change takes constant time. */
  private readonly byCount: Set<ServiceNode>[] = [];
  /** No set below this one has a node in it. */
  private lowest = 0;

  add(node: ServiceNode): void {
    this.setOf(node.unanswered).add(node);
    this.lowest = Math.min(this.lowest, node.unanswered);
  }

  remove(node: ServiceNode): void {
    this.byCount[node.unanswered]?.delete(node);
  }

  next(): ServiceNode | null {
    const node = this.first(takesBytes) ?? this.first(any);
    // Requests without a thread to be answered on do not change the count, and must take turns all the same.
    if (node !== null) this.moveToEnd(node);
    return node;
  }

  unansweredChanged(node: ServiceNode, before: number): void {
    if (this.byCount[before]?.delete(node) === true) this.add(node);
  }

  private first(fits: (node: ServiceNode) => boolean): ServiceNode | null {
    while (this.lowest < this.byCount.length && this.setOf(this.lowest).size === 0) this.lowest++;
    for (let count = this.lowest; count < this.byCount.length; count++) {
      for (const node of this.setOf(count)) if (fits(node)) return node;
    }
    return null;
  }

  private moveToEnd(node: ServiceNode): void {
    const nodes = this.setOf(node.unanswered);
    nodes.delete(node);
    nodes.add(node);
  }

  private setOf(count: number): Set<ServiceNode> {
    this.byCount[count] ??= new Set();
    return this.byCount[count];
  }
}

function takesBytes(node: ServiceNode): boolean {
  return !node.session.stalled;
}

function any(): boolean {
  return true;
}
