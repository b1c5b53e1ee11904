import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CommandError, EXIT } from '../kernel/exit-codes.ts';

/** What a shell returns for a command it does not find, and for one it may not run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** How long a program may take to end when it is told to. */
const END_MS = 5_000;

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** A program that runs for us, on our standard streams, and gets the signals that are sent to us. */
export class Child {
  /** What a person calls it. */
  readonly name: string;
  private readonly process: ChildProcess;
  private readonly ended: Promise<number>;

  /** @param parameters null: `program` is a line for the shell, which leads a process group of its own. */
  constructor(program: string, parameters: readonly string[] | null, environment: NodeJS.ProcessEnv) {
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
    if (parameters !== null) this.forwardSignals();
  }

  /** Its exit code, as a shell tells it: 128 and the signal's number if one ended it. @throws CommandError if it could not be started. */
  exitCode(): Promise<number> {
    return this.ended;
  }

  /** Asks it and what it has started to end, makes them if they do not, and resolves when it has. */
  async end(): Promise<void> {
    this.signalGroup('SIGTERM');
    const timer = setTimeout(() => this.signalGroup('SIGKILL'), END_MS);
    await this.ended.catch(() => {});
    clearTimeout(timer);
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
      // A terminal has sent it to the command too.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) this.process.kill(signal);
    };
    for (const signal of FORWARDED) process.on(signal, forward);
    const stop = () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    this.ended.then(stop, stop);
  }
}

/** Until it is stopped, a signal that would end this process rejects {@link ended} instead, so that what was started can be ended too. */
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
  if (code === 'ENOENT') return new CommandError(NOT_FOUND, `exec: ${program}: there is no such command`);
  if (code === 'EACCES') return new CommandError(NOT_EXECUTABLE, `exec: ${program}: may not be run`);
  return new CommandError(EXIT.failed, `exec: ${program}: ${message}`);
}
