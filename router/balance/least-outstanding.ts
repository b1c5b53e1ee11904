import { type Balance, type BalancedNode, MOST_TRIES } from './balance.ts';

/** The nodes with one count of unanswered requests, in order of arrival. */
interface Bucket<Node> {
  readonly count: number;
  readonly nodes: Set<Node>;
  lower: Bucket<Node> | null;
  higher: Bucket<Node> | null;
}

/** Chooses the node with the fewest unanswered requests, among equals the one that was chosen least recently. */
export class LeastOutstanding<Node extends BalancedNode> implements Balance<Node> {
  /** By count, without empty buckets, so that choosing walks over no unused counts. */
  private readonly buckets = new Map<number, Bucket<Node>>();
  private lowest: Bucket<Node> | null = null;

  add(node: Node): void {
    this.put(node, this.lowest);
  }

  remove(node: Node): void {
    const bucket = this.buckets.get(node.outstanding);
    if (bucket !== undefined) this.take(node, bucket);
  }

  next(): Node | null {
    const node = this.firstThatReads() ?? this.first();
    // Requests without a thread do not change the count, but must rotate too.
    if (node !== null) this.moveToEnd(node);
    return node;
  }

  inOrder(): Node[] {
    const nodes: Node[] = [];
    for (let bucket = this.lowest; bucket !== null; bucket = bucket.higher) nodes.push(...bucket.nodes);
    return nodes;
  }

  outstandingChanged(node: Node, before: number): void {
    const bucket = this.buckets.get(before);
    if (bucket?.nodes.has(node) !== true) return;
    this.put(node, bucket);
    this.take(node, bucket);
  }

  private firstThatReads(): Node | null {
    let tries = 0;
    for (let bucket = this.lowest; bucket !== null; bucket = bucket.higher) {
      for (const node of bucket.nodes) {
        if (!node.stalled) return node;
        if (++tries === MOST_TRIES) return null;
      }
    }
    return null;
  }

  private first(): Node | null {
    const [node] = this.lowest?.nodes ?? [];
    return node ?? null;
  }

  private moveToEnd(node: Node): void {
    const { nodes } = this.buckets.get(node.outstanding) as Bucket<Node>;
    nodes.delete(node);
    nodes.add(node);
  }

  /** @param near The bucket at which to begin the search, because a count changes by one. */
  private put(node: Node, near: Bucket<Node> | null): void {
    const bucket = this.buckets.get(node.outstanding) ?? this.createBucket(node.outstanding, near);
    bucket.nodes.add(node);
  }

  private take(node: Node, bucket: Bucket<Node>): void {
    if (!bucket.nodes.delete(node) || bucket.nodes.size > 0) return;
    const { count, lower, higher } = bucket;
    this.buckets.delete(count);
    if (lower === null) this.lowest = higher;
    else lower.higher = higher;
    if (higher !== null) higher.lower = lower;
  }

  private createBucket(count: number, near: Bucket<Node> | null): Bucket<Node> {
    let lower = near;
    while (lower !== null && lower.count > count) lower = lower.lower;
    while (lower?.higher != null && lower.higher.count < count) lower = lower.higher;
    const higher = lower === null ? this.lowest : lower.higher;
    const bucket = { count, nodes: new Set<Node>(), lower, higher };
    if (lower === null) this.lowest = bucket;
    else lower.higher = bucket;
    if (higher !== null) higher.lower = bucket;
    this.buckets.set(count, bucket);
    return bucket;
  }
}
