import type { Clock } from '../../shared/clock.ts';
import { Tally } from './counts.ts';
import type { Log } from './log.ts';

/** The limits of a guard. */
export interface GuardLimits {
  /** The failures in one window of time that remove an observer. */
  readonly observerFailures: number;
  /** The window of time, in which a guard logs one failure. */
  readonly logWindowMs: number;
}

/**
 * Isolate the traffic from failures of observers and timers: a guard counts and logs them, and removes an observer that fails repeatedly.
 * A guard costs one `try` per call.
 */
export class Guards {
  /** Failures by the name of the guard. */
  readonly failures = new Tally<string>();
  private readonly log: Log;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly limits: GuardLimits;

  constructor(log: Log, clock: Pick<Clock, 'now'>, limits: GuardLimits) {
    this.log = log;
    this.clock = clock;
    this.limits = limits;
  }

  /**
   * Makes the guard of one observer, or of another part whose failure must not spread.
   * @param name A constant, for the log and the metrics: `trace`, `timer`.
   * @param takeOut Removes the observer, which {@link Guard.run} then no longer runs; null for a part that the server needs and never removes.
   */
  create(name: string, takeOut: (() => void) | null): Guard {
    const { log, clock, limits, failures } = this;
    return new Guard({ name, takeOut, log, clock, limits, failures });
  }
}

/** The options of a {@link Guard}. */
export interface GuardOptions {
  readonly name: string;
  readonly takeOut: (() => void) | null;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: GuardLimits;
  readonly failures: Tally<string>;
}

/** Isolates one observer. */
export class Guard {
  private readonly options: GuardOptions;
  private windowSince = Number.NEGATIVE_INFINITY;
  private failedInWindow = 0;
  private state: 'in' | 'out' = 'in';

  constructor(options: GuardOptions) {
    this.options = options;
  }

  /** Whether the guard has removed the observer. */
  get out(): boolean {
    return this.state === 'out';
  }

  /** Runs an action of the observer; does nothing once the guard has removed it. */
  run(action: () => void): void {
    if (this.state === 'out') return;
    try {
      action();
    } catch (error) {
      this.failed(error);
    }
  }

  /** Handles a failure of the observer. It never throws, because its caller handles traffic. */
  failed(error: unknown): void {
    const { name, clock, limits, failures } = this.options;
    failures.count(name);
    const now = clock.now();
    if (now - this.windowSince >= limits.logWindowMs) {
      this.windowSince = now;
      this.failedInWindow = 0;
    }
    this.failedInWindow++;
    if (this.failedInWindow === 1) this.tell({ err: error, failures: failures.get(name) }, `${name} failed`);
    if (this.failedInWindow >= limits.observerFailures) this.takeOut();
  }

  private takeOut(): void {
    const { name, takeOut, failures } = this.options;
    if (takeOut === null || this.state === 'out') return;
    this.state = 'out';
    this.tell({ failures: failures.get(name) }, `${name} failed repeatedly and was removed`);
    try {
      takeOut();
    } catch (error) {
      this.tell({ err: error }, `${name} could not be removed`);
    }
  }

  private tell(fields: object, message: string): void {
    try {
      this.options.log.error(fields, message);
    } catch {
      // The log is an observer too.
    }
  }
}

/** The guard of a program without a log: drops failures. */
export const UNLOGGED: Pick<Guard, 'run'> = {
  run(action) {
    try {
      action();
    } catch {
      // There is no log.
    }
  },
};
