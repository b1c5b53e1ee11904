import { type ChildProcess, spawn } from 'node:child_process';
import { readSync, writeSync } from 'node:fs';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import type { Keeper } from './keeper.ts';
import { ownProgram } from './own-program.ts';
import { HAND_OVER_FORMAT, INHERITANCE, type Inheritance, type PredecessorReport, STATE_END, type SuccessorReport } from './predecessor.ts';

/** The reason why a successor has not taken over. */
export class SuccessorError extends Error {
  override readonly name = 'SuccessorError';
}

/** A longer text is written in parts. */
const PART = 65_536;

/** The time in which a failed successor says why. */
const LAST_WORDS_MS = 1_000;

const sleep = new Int32Array(new SharedArrayBuffer(4));

/** A process of the program now on disk, started to take over the work of this one. */
export class Successor {
  private readonly child: ChildProcess;
  private readonly descriptor: number;
  private failure = '';
  private readonly ended: Promise<void>;
  private whenReady: (() => void) | null = null;
  private whenSettled: (() => void) | null = null;
  private exit = '';

  /** Starts this program again, with the same arguments. @param descriptors Those of the inheritance. */
  constructor(inheritance: Inheritance, descriptors: readonly number[], keeper: Keeper) {
    const { file, args } = ownProgram();
    const env = { ...process.env, [INHERITANCE]: JSON.stringify(inheritance) };
    this.child = spawn(file, args, {
      stdio: [0, 1, 2, 'ipc', 'pipe', keeper.stdio, ...descriptors],
      env,
      argv0: process.argv0,
    });
    this.ended = this.end();
    this.child.on('message', (report: SuccessorReport) => this.reported(report));
    // This process reads and writes without the event loop, so that it does nothing else.
    const pipe = (this.child.stdio[4] as unknown as { readonly _handle?: { readonly fd: number; readStop(): void } } | undefined)?._handle;
    pipe?.readStop();
    this.descriptor = pipe?.fd ?? -1;
    keeper.started(this.child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when it can take over; nothing has been given away. @throws SuccessorError */
  async ready(ms: number): Promise<void> {
    const ready = new Promise<'ready'>((resolve) => (this.whenReady = () => resolve('ready')));
    const first = await Promise.race([ready, this.ended, timeout(ms)]);
    if (this.failure !== '') await this.fail(this.failure);
    if (first === 'timeout') await this.fail(`it did not get ready within ${ms / 1_000} s`);
    if (first !== 'ready') await this.fail('');
  }

  /**
   * Hands the state over and waits, while nothing else happens in this process, until the successor has taken over. If it does not, it is killed first, so that never two
   * processes serve one peer.
   * @throws SuccessorError
   */
  async takeOver(lines: Iterable<string>, ms: number): Promise<void> {
    const until = SYSTEM_TIME.now() + ms;
    if (this.serves(lines, until)) return;
    await this.fail(SYSTEM_TIME.now() > until ? `it did not take over within ${ms / 1_000} s` : '');
  }

  /** Says that the sockets of this process are closed. */
  release(): void {
    this.tell({ released: true });
  }

  /** Hands over a socket that a listener has accepted meanwhile. Resolves when it is sent. @param handle Node's. */
  accepted(listener: number, handle: unknown): Promise<void> {
    return new Promise((resolve) => this.child.send({ accepted: listener } satisfies PredecessorReport, handle as never, {}, () => resolve()));
  }

  /** Resolves when it has written its files, or has ended. */
  async settled(ms: number): Promise<void> {
    await Promise.race([new Promise<void>((resolve) => (this.whenSettled = resolve)), this.ended, timeout(ms)]);
  }

  /** How it has ended; `''`: it runs. */
  get howEnded(): string {
    return this.exit;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it. @throws SuccessorError */
  async fail(reason: string): Promise<never> {
    if (this.exit === '') await Promise.race([this.ended, timeout(reason === '' || this.failure !== '' ? LAST_WORDS_MS : 0)]);
    this.child.kill('SIGKILL');
    await this.ended;
    throw new SuccessorError(this.failure || reason || this.exit);
  }

  /** Resolves when it has ended, and its last report has arrived. */
  private end(): Promise<void> {
    const { child } = this;
    const disconnected = new Promise<void>((resolve) => child.once('disconnect', resolve));
    return new Promise((resolve) => {
      child.once('error', (error) => {
        this.exit = error.message;
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.exit = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`;
        if (child.connected) void disconnected.then(resolve);
        else resolve();
      });
    });
  }

  private serves(lines: Iterable<string>, until: number): boolean {
    let part = '';
    let written = true;
    for (const line of lines) {
      part += `${line}\n`;
      if (part.length < PART) continue;
      written = written && this.write(part, until);
      part = '';
    }
    written = written && this.write(`${part}${STATE_END}\n`, until);
    if (written && this.hearsServing(until)) return true;
    // It may still take over at this moment: what counts is what it has said before its end.
    this.child.kill('SIGKILL');
    return this.hearsServing(Number.POSITIVE_INFINITY);
  }

  private write(text: string, until: number): boolean {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) {
      const count = attempt(() => writeSync(this.descriptor, bytes, written));
      if (count === -1 || SYSTEM_TIME.now() > until) return false;
      written += count;
    }
    return true;
  }

  private hearsServing(until: number): boolean {
    const bytes = Buffer.alloc(16);
    while (SYSTEM_TIME.now() <= until) {
      const count = attempt(() => readSync(this.descriptor, bytes));
      if (count > 0) return true;
      if (count === -1) return false;
    }
    return false;
  }

  private reported(report: SuccessorReport): void {
    if ('failure' in report) this.failure = report.failure;
    else if ('settled' in report) this.whenSettled?.();
    else if (report.ready !== HAND_OVER_FORMAT)
      this.failure = `it reads another format of the state (${report.ready}) than this version writes (${HAND_OVER_FORMAT})`;
    if ('ready' in report || 'failure' in report) this.whenReady?.();
  }

  private tell(report: PredecessorReport): void {
    if (this.child.connected) this.child.send(report);
  }
}

/** @returns the result of a system call; 0 if it must wait, after a millisecond; -1 at the end or after an error. */
function attempt(call: () => number): number {
  try {
    return call() || -1;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return -1;
    Atomics.wait(sleep, 0, 0, 1);
    return 0;
  }
}

function timeout(ms: number): Promise<'timeout'> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'timeout').unref());
}
