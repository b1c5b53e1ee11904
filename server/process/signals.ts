import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { Log } from '../kernel/log.ts';

/** A server that signals can stop. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** The time for closing files and log after a stop that took too long. */
const LAST_MS = 2_000;

/**
 * Resolves when the first SIGINT or SIGTERM has stopped the server; the second one ends the process at once.
 * @param stopMs The time limit of a stop; after it the promise rejects, and the process ends soon even if something still runs.
 */
export function stopOnSignal(server: Stoppable, log: Log, stopMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals, number: number) => {
      if (stopping) process.exit(128 + number);
      stopping = true;
      log.info({ signal }, 'stopping');
      setTimeout(() => {
        log.error({ seconds: stopMs / 1000 }, 'the stop took too long');
        setTimeout(() => process.exit(EXIT.failed), LAST_MS).unref();
        reject(new CommandError(EXIT.failed, `the stop took longer than ${stopMs / 1000} s`));
      }, stopMs).unref();
      server.stop().then(resolve, reject);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/**
 * Ignores SIGUSR1 and SIGUSR2. `osrf_control` sends them to presumed services, and log rotation may send them too;
 * by default, the first would start Node's debugger and the second would end the process.
 */
export function ignoreUserSignals(log: Log): void {
  const onSignal = (signal: NodeJS.Signals) => log.info({ signal }, 'ignored a signal: the log file is reopened for each line anyway');
  process.on('SIGUSR1', onSignal);
  process.on('SIGUSR2', onSignal);
}
