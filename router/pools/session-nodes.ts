import type { ServiceClass } from './service-class.ts';
import type { ServiceNode } from './service-node.ts';

/** The least number of nodes for pruning. */
const FEW = 32;

/** The nodes of one session: those in a pool, and those that have left it with unanswered requests. */
export class SessionNodes {
  private readonly classes = new Map<ServiceNode, ServiceClass>();
  /** The number of nodes at which settled ones are pruned. It doubles each time, so that each registration pays a constant share. */
  private pruneAt = FEW;
  /** The number of nodes in a pool. */
  inPoolCount = 0;

  add(node: ServiceNode, service: ServiceClass): void {
    if (this.classes.size >= this.pruneAt) this.prune();
    this.classes.set(node, service);
    this.inPoolCount++;
  }

  /** All nodes. */
  all(): ServiceNode[] {
    return [...this.classes.keys()];
  }

  /** Called when a node has left its pool. A node with unanswered requests is kept, because its session may end before the answers. */
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
