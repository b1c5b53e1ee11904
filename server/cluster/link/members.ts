/** Another member of the cluster that has admitted this one. */
export interface Member {
  readonly name: string;
  /** Random for each start of its process. */
  readonly incarnation: string;
  /** Whether it seems to be dead or cut off, so that the router passes its listeners over. */
  readonly suspect: boolean;
  /** Whether its queue is full, so that further stanzas bounce. */
  readonly full: boolean;
  /**
   * Sends a frame at the end of the turn, exactly once as long as neither side gives the other up. Frames of one stream arrive in order; a long one lets frames of other streams pass.
   * @param stream The number of a session of this process; 0: the server.
   * @param frame Its text; it may be megabytes long.
   */
  send(stream: number, frame: string): void;
}

/** A frame whose member was given up. */
export interface UnsentFrame {
  readonly frame: string;
  /** Whether it was published, so that the member may have received it. */
  readonly published: boolean;
}

/** The reason why a member left. */
export type LeaveReason = 'goodbye' | 'silent' | 'given-up-by-it' | 'restarted' | 'broken-frames' | 'memory-budget' | 'other-configuration' | 'stopped';

/** Follows the members of a cluster. */
export interface MembersWatcher {
  /** A member has come, or has come back: nothing of it is known, and it knows nothing of us. Send it a snapshot. */
  joined(member: Member): void;
  /** A whole frame, in the order of its stream. A thrown {@link FrameError} gives the member up. */
  received(member: Member, frame: string): void;
  /** It is dead, cut off, or has left. Settle everything of it. @param unsent Frames without acknowledgement, in the order of their streams. */
  left(member: Member, reason: LeaveReason, unsent: readonly UnsentFrame[]): void;
}

/** A frame of another member cannot be read. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** The members of a cluster besides this one. */
export interface Members {
  /** By name; only those that have joined. */
  readonly live: ReadonlyMap<string, Member>;
  /** Says goodbye to all; resolves when the engine is closed. */
  leave(): Promise<void>;
}
