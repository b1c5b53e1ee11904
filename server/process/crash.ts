import { EXIT } from '../kernel/exit-codes.ts';

/** How long an orderly end may take after a mistake. */
const END_MS = 5_000;

/**
 * Waits for a mistake that nobody caught. From then on nothing is certain, so the process has to end: sessions are told and files removed if that goes well,
 * and at once if there is another mistake or it takes too long. Either way the log says why, and the exit code is not 0.
 */
export class CrashWatch {
  /** Rejects with the first mistake. */
  readonly crashed: Promise<never>;
  happened = false;
  private readonly log: { fatal(fields: object, message: string): void };
  private reject: (error: Error) => void = () => {};

  constructor(log: { fatal(fields: object, message: string): void }) {
    this.log = log;
    this.crashed = new Promise((_resolve, reject) => {
      this.reject = reject;
    });
    // Nobody may be waiting yet.
    this.crashed.catch(() => {});
    // From now on there is a server to stop gracefully, so the handler that ends the program at once goes.
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
