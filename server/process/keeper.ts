import type { ChildProcess } from 'node:child_process';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { EXIT } from '../kernel/exit-codes.ts';
import { startedAsDaemon } from './daemon.ts';
import { DESCRIPTORS, predecessor } from './predecessor.ts';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Somebody may wait for the end of the process that was started first: a shell, a container, a supervisor. That process then stays as the keeper: it passes signals on to
 * the process that serves now, and ends with its exit code. A pipe leads to it, which every successor inherits. Daemons, and services of systemd, need none.
 */
export class Keeper {
  private readonly role: 'kept' | 'keeper' | 'none';
  private served = 0;
  /** The exit code of the last process that served. */
  private code: number = EXIT.failed;
  /** Resolves when no process serves any more. */
  private over: Promise<void> = Promise.resolve();

  constructor() {
    const isFirst = predecessor === null && !startedAsDaemon() && process.env['NOTIFY_SOCKET'] === undefined;
    this.role = predecessor?.inheritance.kept === true ? 'kept' : isFirst ? 'keeper' : 'none';
  }

  /** Whether successors have a keeper. */
  get keeps(): boolean {
    return this.role !== 'none';
  }

  /** The descriptor of the pipe for a successor. */
  get stdio(): number | 'pipe' | 'ignore' {
    if (this.role === 'kept') return DESCRIPTORS.keeper;
    return this.role === 'keeper' ? 'pipe' : 'ignore';
  }

  /** A successor has been started. */
  started(child: ChildProcess): void {
    this.served = child.pid ?? 0;
    const pipe = child.stdio[DESCRIPTORS.keeper as 4];
    if (this.role === 'keeper' && pipe instanceof Socket) this.over = this.listen(pipe);
  }

  /** In a successor that has taken over: tells the keeper. */
  serve(): void {
    if (this.role !== 'kept') return;
    this.tell(`pid ${process.pid}\n`);
    process.once('exit', (code) => this.tell(`exit ${process.pid} ${code}\n`));
  }

  /** In the first process, after the hand-over: resolves with the exit code when no process serves any more. In others at once. */
  async keep(): Promise<number> {
    if (this.role !== 'keeper') return EXIT.ok;
    for (const signal of FORWARDED) process.removeAllListeners(signal).on(signal, () => this.forward(signal));
    await this.over;
    return this.code;
  }

  private listen(pipe: Socket): Promise<void> {
    let text = '';
    pipe.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop() as string;
      for (const [what, pid, code] of lines.map((line) => line.split(' '))) {
        if (what === 'pid') this.served = Number(pid);
        // Others have handed over.
        else if (this.served === Number(pid)) this.code = Number(code);
      }
    });
    return new Promise((resolve) => pipe.once('close', () => resolve()));
  }

  private forward(signal: NodeJS.Signals): void {
    // A terminal sends SIGINT to the whole group.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    try {
      process.kill(this.served, signal);
    } catch {
      // It has just ended.
    }
  }

  private tell(line: string): void {
    try {
      writeSync(DESCRIPTORS.keeper, line);
    } catch {
      // The keeper was killed.
    }
  }
}
