import type { ChopChop } from '../../compose/chopchop.ts';

/** The state of the event loop, the observers and the log, since the server's start. */
export interface LoadReport {
  /** Turns of the event loop with input or output. */
  readonly turns: number;
  readonly longestTurnMs: number;
  /** Slices of long jobs, and the jobs that wait for their next one. */
  readonly slices: number;
  readonly waitingJobs: number;
  /** Failures of observers and timers, by name. */
  readonly observerFailures: Readonly<Record<string, number>>;
  /** Log lines that the destination dropped. */
  readonly lostLogLines: number;
  /** Log lines beyond `logLinesOfKind` and `logLifeLines`. */
  readonly suppressedLogLines: number;
  readonly memory: MemoryReport;
}

/** The memory kept for peers. */
export interface MemoryReport {
  readonly limitBytes: number;
  readonly keptBytes: number;
  /** Kept for connections before login. */
  readonly pendingBytes: number;
  /** Peers closed to free their memory. */
  readonly closed: number;
  /** Whether the server refuses to keep more. */
  readonly full: boolean;
  /** The peers with the most memory. */
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
