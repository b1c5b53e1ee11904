import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A process of the lab, which another one may replace. */
export class Running {
  private pid: number;

  private constructor(child: ChildProcess) {
    this.pid = child.pid ?? 0;
    // A program that is missing counts as ended.
    child.on('error', () => {});
  }

  static start([program, ...args]: readonly string[]): Running {
    return new Running(spawn(program as string, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
  }

  /** Whether it runs, or is stopped; one that has ended may wait for its parent. */
  get alive(): boolean {
    return /^State:\s+[^ZX]/m.test(this.status);
  }

  /** Kilobytes of its memory. */
  get memoryKb(): number {
    return Number(/^VmRSS:\s*(\d+)/m.exec(this.status)?.[1] ?? 0);
  }

  /** Follows the process that has taken over from this one. */
  replacedBy(pid: number): void {
    this.pid = pid;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.alive) process.kill(this.pid, signal);
  }

  /** Resolves when it has ended. */
  async ended(): Promise<void> {
    while (this.alive) await wait(10);
  }

  private get status(): string {
    try {
      return readFileSync(`/proc/${this.pid}/status`, 'latin1');
    } catch {
      return '';
    }
  }
}
