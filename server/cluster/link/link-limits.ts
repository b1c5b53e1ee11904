/** The bounds of the links of a cluster. The server's limits have them. */
export interface LinkLimits {
  /** Bytes that another member has not acknowledged; further frames wait. */
  readonly linkWindowBytes: number;
  /** UTF-16 units of the frames in one batch; a longer frame is sent in chunks. */
  readonly linkBatchBytes: number;
  readonly beatMs: number;
  /** Silence after which a member is suspect. */
  readonly suspectMs: number;
  /** Silence after which a member is given up. */
  readonly deadAfterMs: number;
  /** Members of a cluster, this one included. */
  readonly members: number;
  /** UTF-16 units of frames that wait for another member; its queue is full beyond. */
  readonly outboxBytes: number;
  /** UTF-16 units of one received frame, nearly; a longer one breaks the link. */
  readonly hardStanzaBytes: number;
}
