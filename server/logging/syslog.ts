import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { SYSLOG_FACILITIES, type SyslogFacility } from '../config/log-values.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { LogSink } from './sink.ts';

/** The syslog daemon's socket, and the program's name and facility. */
export interface SyslogOptions {
  readonly facility: SyslogFacility;
  readonly socket: string;
  /** The program's name, with its tag. */
  readonly name: string;
}

const LOCAL0 = 16;
/** The most unread bytes of a stalled syslog daemon; beyond it lines are lost. */
const WAITING_BYTES = 1_048_576;
const RESTART_MS = 1_000;
const CLOSE_MS = 2_000;

/**
 * Writes to the local syslog daemon by the program `logger` of util-linux, because Node has no Unix datagram sockets.
 * `logger` ends when the daemon restarts with another socket; the next line then starts another `logger`.
 */
export class Syslog implements LogSink {
  private readonly options: SyslogOptions;
  private readonly now: () => number;
  private logger: ChildProcess;
  private startedAt = 0;

  /** @param now Milliseconds. @throws CommandError if the program or the daemon is missing. */
  constructor(options: SyslogOptions, now: () => number = SYSTEM_TIME.now) {
    this.options = options;
    this.now = now;
    probeSyslog(options);
    this.logger = this.startLogger();
  }

  write(level: number, line: string): string | null {
    if (!isAlive(this.logger)) {
      if (this.now() - this.startedAt < RESTART_MS) return `the syslog daemon at ${this.options.socket} does not answer`;
      this.logger = this.startLogger();
    }
    const { stdin } = this.logger;
    if (stdin === null || stdin.writableLength > WAITING_BYTES) return `the syslog daemon at ${this.options.socket} has stopped reading`;
    const facility = LOCAL0 + SYSLOG_FACILITIES.indexOf(this.options.facility);
    stdin.write(`<${facility * 8 + severity(level)}>${line}\n`);
    return null;
  }

  async close(): Promise<void> {
    if (!isAlive(this.logger)) return;
    const timer = setTimeout(() => this.logger.kill('SIGKILL'), CLOSE_MS);
    this.logger.stdin?.end();
    await once(this.logger, 'close');
    clearTimeout(timer);
  }

  private startLogger(): ChildProcess {
    this.startedAt = this.now();
    // In a separate process group: Ctrl-C must not end it before the server has logged its stop.
    const logger = spawn('logger', loggerArguments(this.options), { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    logger.on('error', () => {});
    logger.stdin?.on('error', () => {});
    return logger;
  }
}

function loggerArguments({ socket, name }: SyslogOptions): string[] {
  return ['--socket', socket, '--socket-errors=on', '--prio-prefix', '--tag', name, '--size', '8KiB'];
}

/** Checks the connection to the syslog daemon: `logger` connects before it reads, and reports an error. @throws CommandError */
export function probeSyslog(options: SyslogOptions): void {
  const { error, status, stderr } = spawnSync('logger', loggerArguments(options), { input: '', encoding: 'utf8', timeout: 5_000 });
  if (error !== undefined) {
    throw new CommandError(EXIT.file, `cannot run the program "logger" of util-linux (${error.message}); install it, or use --log-file`);
  }
  const [reason] = stderr.trim().split('\n');
  if (status !== 0) {
    throw new CommandError(EXIT.file, `cannot reach the syslog daemon at ${options.socket} (${reason}); see --syslog-socket, or use --log-file`);
  }
}

function isAlive(logger: ChildProcess): boolean {
  return logger.pid !== undefined && logger.exitCode === null && logger.signalCode === null;
}

/** RFC 5424 §6.2.1, with OpenSRF's mapping of levels. */
function severity(level: number): number {
  if (level >= 50) return 3;
  return level >= 40 ? 4 : level >= 30 ? 6 : 7;
}
