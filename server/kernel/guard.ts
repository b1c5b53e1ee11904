import type { Clock } from '../../shared/clock.ts';
import { Tally } from './counts.ts';
import type { Log } from './log.ts';

/** When a guard logs a failure of its observer, and when it removes the observer. */
export interface GuardLimits {
  /** So many failures in one window of time remove an observer. */
  readonly observerFailures: number;
  /** A guard logs one failure of its observer in so long a time. */
  readonly logWindowMs: number;
}

/**
 * Keep the failures of observers and timers away from the traffic: a guard counts and logs them, and removes an observer that fails repeatedly.
 * A guard costs one `try` per call.
 */
export class Guards {
  /** How often each has failed, by its name. */
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
   * @param takeOut Removes the observer, which {@link Guard.run} runs no more; null for a part that the server needs, which goes on however often it fails.
   */
  create(name: string, takeOut: (() => void) | null): Guard {
    const { log, clock, limits, failures } = this;
    return new Guard({ name, takeOut, log, clock, limits, failures });
  }
}

/** What a {@link Guard} is made from. */
export interface GuardOptions {
  readonly name: string;
  readonly takeOut: (() => void) | null;
  readonly log: Log;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: GuardLimits;
  readonly failures: Tally<string>;
}

/** Stands between one observer and what it observes. */
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

  /** The observer has thrown. This never throws: its caller carries the traffic. */
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

/** The guard of a program that has no log: a failure ends there. */
export const UNLOGGED: Pick<Guard, 'run'> = {
  run(action) {
    try {
      action();
    } catch {
      // The program has no place to tell of it.
    }
  },
};
