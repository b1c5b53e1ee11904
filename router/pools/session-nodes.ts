import type { ServiceClass } from './service-class.ts';
import type { ServiceNode } from './service-node.ts';

/** Pruning is not worth it for fewer nodes. */
const FEW = 32;

/** The nodes that one session has registered: those in a pool, and those that have left it with unanswered requests. */
export class SessionNodes {
  private readonly classes = new Map<ServiceNode, ServiceClass>();
  /** Nodes that left their pool long ago are let go when there are so many. Doubled each time, so that each registration pays a constant share. */
  private pruneAt = FEW;
  /** How many are in a pool. */
  inPoolCount = 0;

  add(node: ServiceNode, service: ServiceClass): void {
    if (this.classes.size >= this.pruneAt) this.prune();
    this.classes.set(node, service);
    this.inPoolCount++;
  }

  /** All of them. */
  all(): ServiceNode[] {
    return [...this.classes.keys()];
  }

  /** A node has left its pool. One with unanswered requests stays known: its session may end before they are answered. */
  leftPool(node: ServiceNode): void {
    this.inPoolCount--;
    if (node.unanswered === 0) this.classes.delete(node);
  }

  /** The nodes that are in a pool. */
  *inPool(): Iterable<[ServiceNode, ServiceClass]> {
    for (const [node, service] of this.classes) if (service.nodes.get(node.jid) === node) yield [node, service];
  }

  private prune(): void {
    for (const [node, service] of this.classes) if (node.unanswered === 0 && service.nodes.get(node.jid) !== node) this.classes.delete(node);
    this.pruneAt = 2 * this.classes.size + FEW;
  }
}
