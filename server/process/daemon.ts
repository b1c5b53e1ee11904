import { spawn } from 'node:child_process';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import { ownProgram } from './own-program.ts';

const STARTED_BY = 'CHOPCHOP_DAEMON_STARTED_BY';

/** A daemon's report to the process that started it. */
type Report = { readonly ready: true; readonly note: string } | { readonly failure: string };

/** A server in the background. */
export interface StartedDaemon {
  readonly pid: number;
  /** A note for the user, or `''`. */
  readonly note: string;
}

/** Whether this process is the daemon: its parent put its own pid into the environment. */
const isDaemon = process.send !== undefined && process.env[STARTED_BY] === String(process.ppid);
delete process.env[STARTED_BY];

/** Whether this process is already the daemon of `--daemon`. */
export function startedAsDaemon(): boolean {
  return isDaemon;
}

/** In the daemon, once logins work: lets the starting process return. Otherwise does nothing. @param note For the user. */
export function reportReady(note = ''): void {
  if (!isDaemon || !process.connected) return;
  process.send?.({ ready: true, note } satisfies Report, undefined, {}, () => {
    if (process.connected) process.disconnect();
  });
}

/** In the daemon, if it does not start: lets the starting process print the reason. Otherwise does nothing. */
export function reportFailure(message: string): void {
  if (isDaemon && process.connected) process.send?.({ failure: message } satisfies Report);
}

/**
 * Runs this program again with the same arguments, in a new session without this terminal, in the same working directory, so that
 * relative paths keep their meaning.
 * @returns when logins work.
 * @throws CommandError with the daemon's message and exit code if it does not start.
 */
export function startDaemon(): Promise<StartedDaemon> {
  const { file, args } = ownProgram();
  const env = { ...process.env, [STARTED_BY]: String(process.pid) };
  // The daemon has no terminal, so Ctrl-C would end this process only. Installed before the daemon starts, to miss no signal.
  const forward = (signal: NodeJS.Signals) => void daemon.kill(signal);
  process.once('SIGINT', forward).once('SIGTERM', forward);
  // All three standard streams are /dev/null: osrf_control waits until all processes have closed the output that it reads.
  const daemon = spawn(file, args, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env, argv0: process.argv0 });
  return new Promise((resolve, reject) => {
    let failure = '';
    let ended: { code: number | null; signal: NodeJS.Signals | null } | null = null;
    let ready = false;
    daemon.on('error', (error) => reject(new CommandError(EXIT.failed, `cannot start a process in the background: ${error.message}`)));
    daemon.on('message', (report: Report) => {
      if ('failure' in report) {
        failure = report.failure;
        return;
      }
      ready = true;
      daemon.unref();
      daemon.disconnect();
      resolve({ pid: daemon.pid as number, note: report.note });
    });
    // Its last report may arrive after its exit event.
    const rejectWhenOver = () => {
      if (ready || ended === null || daemon.connected) return;
      const how = ended.signal === null ? `it ended with exit code ${ended.code}` : `it was ended by ${ended.signal}`;
      reject(new CommandError(ended.code || EXIT.failed, failure === '' ? `the server did not start: ${how}` : failure));
    };
    daemon.on('disconnect', rejectWhenOver);
    daemon.on('exit', (code, signal) => {
      ended = { code, signal };
      rejectWhenOver();
    });
  });
}
