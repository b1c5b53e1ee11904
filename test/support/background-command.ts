import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { MAIN, type Outcome } from './command.ts';
import { endWith, orHangs } from './processes.ts';

/** A separate process, beside a server in this one. */
export class Program {
  private readonly child;
  private readonly ended: Promise<Outcome>;
  private stdout = '';
  private stderr = '';

  constructor(t: TestContext, program: string, args: readonly string[]) {
    this.child = endWith(t, spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.ended = once(this.child, 'close').then(([code]) => ({ code, stdout: this.stdout, stderr: this.stderr }));
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Waits for the text on standard output. */
  async printed(text: string): Promise<void> {
    await this.wrote('stdout', { test: (written) => written.includes(text), toString: () => JSON.stringify(text) });
  }

  /** Its standard output so far. */
  output(): string {
    return this.stdout;
  }

  /** Waits for the text on standard error. */
  async said(text: RegExp): Promise<void> {
    await this.wrote('stderr', text);
  }

  private async wrote(where: 'stdout' | 'stderr', text: { test(written: string): boolean; toString(): string }): Promise<void> {
    const ended = this.ended.then((outcome) => {
      if (!text.test(outcome[where])) throw new Error(`ended without ${text}: ${outcome.stdout}${outcome.stderr}`);
    });
    const written = async () => {
      while (!text.test(this[where])) await Promise.race([once(this.child[where], 'data'), ended]);
    };
    await orHangs(written(), () => `${text} on ${where}; the program wrote: ${this.stdout}${this.stderr}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** How it ended, when all of its output has come. */
  outcome(): Promise<Outcome> {
    return orHangs(this.ended, () => `its end; the program wrote: ${this.stdout}${this.stderr}`);
  }
}

/** The command line. */
export class Command extends Program {
  constructor(t: TestContext, ...args: string[]) {
    super(t, process.execPath, [MAIN, ...args]);
  }
}
