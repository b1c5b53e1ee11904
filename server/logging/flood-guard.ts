import type { Clock, Timer } from '../../shared/clock.ts';
import type { Log } from '../kernel/log.ts';

/** The limits of lines of one kind. */
export interface FloodLimits {
  readonly logLinesOfKind: number;
  /** The limit for unguarded levels: the life cycle of a site. */
  readonly logLifeLines: number;
  readonly logWindowMs: number;
}

type Level = keyof Log;

interface Window {
  readonly level: Level;
  readonly timer: Timer;
  lines: number;
}

/**
 * Prevents a hostile peer from flooding the log: limits the lines of each kind in a window of time, and logs the number of suppressed lines at its end.
 * A line's kind is its message. Messages are constants, so there are few kinds.
 */
export class FloodGuard implements Log {
  /** The number of suppressed lines. */
  suppressed = 0;
  private readonly log: Log;
  private readonly clock: Clock;
  private readonly limits: FloodLimits;
  private readonly guarded: ReadonlySet<Level>;
  private readonly windows = new Map<string, Window>();

  /** @param guarded The levels at which peers can cause any number of lines. */
  constructor(log: Log, clock: Clock, limits: FloodLimits, guarded: readonly Level[]) {
    this.log = log;
    this.clock = clock;
    this.limits = limits;
    this.guarded = new Set(guarded);
  }

  debug(fields: object, message: string): void {
    this.write('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.write('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.write('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.write('error', fields, message);
  }

  /** Whether the next line of a kind would be suppressed. For callers whose line is expensive to make. */
  isFull(level: Level, message: string): boolean {
    const window = this.windows.get(message);
    return window !== undefined && window.lines >= this.most(level);
  }

  /** Ends all windows now, before the server stops. */
  flush(): void {
    for (const [message, window] of this.windows) this.end(message, window);
  }

  private write(level: Level, fields: object, message: string): void {
    if (++this.windowOf(level, message).lines > this.most(level)) {
      this.suppressed++;
      return;
    }
    this.log[level](fields, message);
  }

  private most(level: Level): number {
    return this.guarded.has(level) ? this.limits.logLinesOfKind : this.limits.logLifeLines;
  }

  private windowOf(level: Level, message: string): Window {
    const open = this.windows.get(message);
    if (open !== undefined) return open;
    const timer = this.clock.after(this.limits.logWindowMs, () => this.end(message, window));
    const window: Window = { level, timer, lines: 0 };
    this.windows.set(message, window);
    return window;
  }

  private end(message: string, window: Window): void {
    const { level, timer, lines } = window;
    // A pending timer would keep a stopped server's process alive.
    timer.cancel();
    this.windows.delete(message);
    const suppressed = lines - this.most(level);
    if (suppressed > 0) this.log[level]({ kind: message, suppressed, seconds: this.limits.logWindowMs / 1000 }, 'suppressed more lines of one kind');
  }
}
