/** Exit codes; `--help` documents them. */
export const EXIT = {
  ok: 0,
  /** An internal error, or a demo step did not happen. */
  failed: 1,
  /** An invalid option or configuration, or a file with invalid content. */
  usage: 2,
  /** The server cannot listen on an address, or a server cannot be reached or refuses the login. */
  network: 3,
  /** A file (or the syslog daemon) cannot be read or written. */
  file: 4,
  /** A service answered with an error, an OpenSRF status of 300 or more. */
  status: 5,
  /** No answer, or no service, in time. */
  timeout: 6,
  /** The service or router is absent, or the message bounced. */
  absent: 7,
  /** The pid file belongs to a running server. */
  running: 8,
  /** The server could not be restarted, and goes on. */
  notRestarted: 9,
} as const;

/** The exit code for a file that cannot be used: `file` if the system refused to read or write it, `usage` if its content is wrong. @param cause The original error. */
export function fileExitCode(cause: unknown): number {
  return cause instanceof Error && 'syscall' in cause ? EXIT.file : EXIT.usage;
}

/** Ends the process with one clear line and no stack trace. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
