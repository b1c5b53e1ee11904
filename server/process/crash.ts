import { EXIT } from '../kernel/exit-codes.ts';

/** The time for a clean shutdown after a crash. */
const END_MS = 5_000;

/**
 * Watches for uncaught errors. After one, the state of the process is unknown, so it must end: it closes sessions and removes files, or ends at once
 * if there is another error or it takes too long. The log has the error, and the exit code is not 0.
 */
export class CrashWatch {
  /** Rejects with the first uncaught error. */
  readonly crashed: Promise<never>;
  happened = false;
  private readonly log: { fatal(fields: object, message: string): void };
  private reject: (error: Error) => void = () => {};

  constructor(log: { fatal(fields: object, message: string): void }) {
    this.log = log;
    this.crashed = new Promise((_resolve, reject) => {
      this.reject = reject;
    });
    // Prevents an unhandled rejection before the server awaits it.
    this.crashed.catch(() => {});
    // Replaces the handler that ends the program at once: now there is a server to stop.
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => this.mistake(error));
    process.on('unhandledRejection', (reason) => this.mistake(reason));
  }

  private mistake(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`);
    this.log.fatal({ err: error }, 'the server crashed');
    if (this.happened) process.exit(EXIT.failed);
    this.happened = true;
    setTimeout(() => process.exit(EXIT.failed), END_MS).unref();
    this.reject(error);
  }
}
