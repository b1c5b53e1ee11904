import type { ChopChop } from '../../compose/chopchop.ts';

/** How the event loop, the observers and the log of a server are, since its start. */
export interface LoadReport {
  /** Turns of the event loop with input or output. */
  readonly turns: number;
  readonly longestTurnMs: number;
  /** Slices of long jobs, and the jobs that wait for their next one. */
  readonly slices: number;
  readonly waitingJobs: number;
  /** Failures of observers and timers, by name. */
  readonly observerFailures: Readonly<Record<string, number>>;
  /** Log lines that the destination did not take. */
  readonly lostLogLines: number;
  /** Log lines beyond `logLinesOfKind` and `logLifeLines`. */
  readonly suppressedLogLines: number;
  readonly memory: MemoryReport;
}

/** The memory that a server keeps for its peers. */
export interface MemoryReport {
  readonly limitBytes: number;
  readonly keptBytes: number;
  /** Kept for connections that have not logged in. */
  readonly pendingBytes: number;
  /** Peers that were closed to get their memory back. */
  readonly closed: number;
  /** Whether the server refuses to keep more. */
  readonly full: boolean;
  /** The peers for which it keeps most. */
  readonly largest: readonly { readonly peer: string; readonly bytes: number }[];
}

const LARGEST = 5;

/** Makes the load reports of one server. */
export class Load {
  private readonly server: ChopChop;
  private readonly lostLogLines: () => number;

  constructor(server: ChopChop, lostLogLines: () => number) {
    this.server = server;
    this.lostLogLines = lostLogLines;
  }

  report(): LoadReport {
    const { turn, jobs, guards, memory, suppressedLogLines } = this.server;
    return {
      turns: turn.count,
      longestTurnMs: Math.round(turn.longestMs * 10) / 10,
      slices: jobs.slices,
      waitingJobs: jobs.size,
      observerFailures: Object.fromEntries(guards.failures),
      lostLogLines: this.lostLogLines(),
      suppressedLogLines,
      memory: {
        limitBytes: memory.limit,
        keptBytes: memory.bytes,
        pendingBytes: memory.pendingBytes,
        closed: memory.givenUp,
        full: memory.full,
        largest: memory.largest(LARGEST).map(({ debtor, bytes }) => ({ peer: debtor.peer, bytes })),
      },
    };
  }
}
