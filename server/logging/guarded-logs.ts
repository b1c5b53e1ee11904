import type { Clock } from '../../shared/clock.ts';
import type { Limits } from '../config/limits.ts';
import { type Log, logOfPart } from '../kernel/log.ts';
import { FloodGuard } from './flood-guard.ts';

/** Makes the log of one part, with flood protection of the named levels. */
export type GuardedLog = (part: string, levels: readonly (keyof Log)[]) => FloodGuard;

/** The logs of the parts that write about peers. */
export class GuardedLogs {
  private readonly guards: FloodGuard[] = [];
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly limits: Limits;

  constructor(log: Log, clock: Clock, limits: Limits) {
    this.log = log;
    this.clock = clock;
    this.limits = limits;
  }

  /** The lines suppressed by the guards. */
  get suppressed(): number {
    return this.guards.reduce((sum, { suppressed }) => sum + suppressed, 0);
  }

  of: GuardedLog = (part, levels) => {
    const guard = new FloodGuard(logOfPart(this.log, part), this.clock, this.limits, levels);
    this.guards.push(guard);
    return guard;
  };

  /** Logs the numbers of suppressed lines. */
  flush(): void {
    for (const guard of this.guards) guard.flush();
  }
}
