import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';
import type { Guardian } from './guardian.ts';

/** The exit codes of a shell for a command that it cannot find or cannot execute. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** The time in which a program must end after SIGTERM. */
const END_MS = 5_000;

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** A child process on our standard streams, which gets our signals. */
export class Child {
  /** Its name for messages. */
  readonly name: string;
  private readonly process: ChildProcess;
  private readonly ended: Promise<number>;

  /**
   * @param parameters null: `program` is a line for the shell, in a separate process group.
   * @param guardian Ends it with its descendants if this process is killed.
   */
  constructor(program: string, parameters: readonly string[] | null, environment: NodeJS.ProcessEnv, guardian: Guardian) {
    this.name = program;
    this.process =
      parameters === null
        ? spawn(program, { shell: true, detached: true, stdio: ['ignore', 'inherit', 'inherit'], env: environment })
        : spawn(program, parameters, { stdio: 'inherit', env: environment });
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', (error: NodeJS.ErrnoException) => reject(cannotRun(program, error)));
      this.process.on('exit', (code, signal) => resolve(signal === null ? (code as number) : 128 + constants.signals[signal]));
    });
    this.ended.catch(() => {});
    this.guard(guardian, parameters === null);
    if (parameters !== null) this.forwardSignals();
  }

  /** Its exit code, as in a shell: 128 plus the number of the signal that ended it. @throws CommandError if it could not be started. */
  exitCode(): Promise<number> {
    return this.ended;
  }

  /** Terminates it and its descendants, kills them if they do not end; resolves when it has ended. */
  async end(): Promise<void> {
    this.signalGroup('SIGTERM');
    const timer = setTimeout(() => this.signalGroup('SIGKILL'), END_MS);
    await this.ended.catch(() => {});
    clearTimeout(timer);
  }

  /** The processes of a group may outlive its first one. */
  private guard(guardian: Guardian, isGroup: boolean): void {
    const { pid } = this.process;
    if (pid === undefined) return;
    guardian.keep(isGroup ? -pid : pid);
    if (!isGroup) this.process.once('exit', () => guardian.forget(pid));
  }

  private signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.process.pid as number), signal);
    } catch {
      // All of them have ended.
    }
  }

  private forwardSignals(): void {
    const forward = (signal: NodeJS.Signals) => {
      // A terminal sends SIGINT to the command too.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) this.process.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const stop = () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    this.ended.then(stop, stop);
  }
}

/** Until it is stopped, a signal that would end this process rejects {@link ended} instead, so that children can be ended first. */
export class Interruption {
  readonly ended: Promise<never>;
  private readonly onSignal: (signal: NodeJS.Signals, number: number) => void;

  constructor() {
    let reject: (error: Error) => void = () => {};
    this.ended = new Promise((_resolve, rejectWith) => (reject = rejectWith));
    this.ended.catch(() => {});
    this.onSignal = (signal, number) => reject(new CommandError(128 + number, `exec: ended by ${signal}`));
    for (const signal of ENDING) process.on(signal, this.onSignal);
  }

  stop(): void {
    for (const signal of ENDING) process.off(signal, this.onSignal);
  }
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function cannotRun(program: string, { code, message }: NodeJS.ErrnoException): CommandError {
  if (code === 'ENOENT') return new CommandError(NOT_FOUND, `exec: ${program}: command not found`);
  if (code === 'EACCES') return new CommandError(NOT_EXECUTABLE, `exec: ${program}: permission denied`);
  return new CommandError(EXIT.failed, `exec: ${program}: ${message}`);
}
