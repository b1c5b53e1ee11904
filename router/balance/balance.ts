/** A node as a balance sees it. */
export interface BalancedNode {
  /** Whether it should be passed over while another one can take the request. */
  readonly stalled: boolean;
  /** Requests it was handed that nobody has answered yet. */
  readonly unanswered: number;
}

/** So many stalled nodes are passed over for one request: to ask all of thousands takes longer than the request. */
export const MOST_TRIES = 256;

/** The pool of nodes that may get requests, and the choice among them. */
export interface Balance<Node extends BalancedNode> {
  add(node: Node): void;
  remove(node: Node): void;
  /** The node for the next request; null if there is none. A stalled one is chosen only where the next {@link MOST_TRIES} are stalled. */
  next(): Node | null;
  /** The node's count of unanswered requests has changed by one. */
  unansweredChanged(node: Node, before: number): void;
}
