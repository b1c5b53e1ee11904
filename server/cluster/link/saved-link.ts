/** A {@link LongFrame} for the next process. */
export interface SavedLongFrame {
  readonly stream: number;
  readonly text: string;
  readonly sent: number;
  readonly behind: readonly string[];
}

/** A published batch without acknowledgement. */
export interface SavedBatch {
  readonly packet: string;
  /** The index of the long frame whose chunk it is; -1: none. */
  readonly long: number;
  readonly last: boolean;
}

/** Frames in no batch. Long ones stand there as indexes. */
export interface SavedQueue {
  /** Long frames whose turn has come. */
  readonly started: readonly number[];
  readonly queue: readonly (string | number)[];
}

/** What is on its way to another member. */
export interface SavedOutgoing {
  readonly number: number;
  readonly batches: readonly SavedBatch[];
  readonly queue: SavedQueue;
  readonly longs: readonly SavedLongFrame[];
}

/** What has arrived from another member. */
export interface SavedIncoming {
  readonly number: number;
  /** The received parts of frames, by stream. */
  readonly parts: readonly (readonly [stream: number, text: string])[];
}

/** A link for the next process. */
export interface SavedLink {
  readonly name: string;
  readonly incarnation: string;
  readonly mine: number;
  readonly theirs: number;
  readonly ask: number;
  readonly outgoing: SavedOutgoing;
  readonly incoming: SavedIncoming;
}

/** The membership of a process, for the one that takes its place: to the others, it is the same incarnation, which was silent for a moment. */
export interface SavedMembership {
  readonly incarnation: string;
  readonly ageMs: number;
  readonly lastEpoch: number;
  readonly links: readonly SavedLink[];
}
