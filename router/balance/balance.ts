/** The parts of a node that a balance needs. */
export interface BalancedNode {
  /** Whether to skip it while another one can take the request. */
  readonly stalled: boolean;
  /** Its unanswered requests. */
  readonly outstanding: number;
  /** Whether its session is in this process, not at another member of a cluster. */
  readonly local: boolean;
}

/** The most stalled nodes that are skipped for one request: asking thousands would cost more than the request. */
export const MOST_TRIES = 256;

/** The pool of nodes that may get requests, and the choice among them. */
export interface Balance<Node extends BalancedNode> {
  add(node: Node): void;
  remove(node: Node): void;
  /** The node for the next request, or null. It returns a stalled node only if the next {@link MOST_TRIES} are stalled. */
  next(): Node | null;
  /** All nodes, in an order in which to add them to another pool: it goes on with the same node. */
  inOrder(): Node[];
  /** The node's count of unanswered requests has changed, usually by one. */
  outstandingChanged(node: Node, before: number): void;
}
