import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import type { LogSink } from './sink.ts';

const STANDARD_OUTPUT = 1;
/** The most unread bytes of standard output; beyond it lines are lost, to save memory. */
const WAITING_BYTES = 1_048_576;
const RETRY_MS = 50;
/** The time that an ending server waits for the reader. */
const CLOSE_MS = 1_000;

/** Standard output. Writes never wait: a pipe without a reader, or a stopped terminal (Ctrl-S), would block the whole server. */
export class StandardOutput implements LogSink {
  private readonly descriptor: number;
  private readonly waiting: Buffer[] = [];
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(descriptor: number = nonBlocking(STANDARD_OUTPUT)) {
    this.descriptor = descriptor;
  }

  write(_level: number, line: string): string | null {
    if (this.waitingBytes > WAITING_BYTES) return 'standard output is not read';
    const bytes = Buffer.from(`${line}\n`);
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    return this.flush();
  }

  async close(): Promise<void> {
    const end = SYSTEM_TIME.now() + CLOSE_MS;
    while (this.waiting.length > 0 && SYSTEM_TIME.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      this.flush();
    }
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** @returns the reason for lost lines, or null. */
  private flush(): string | null {
    try {
      this.writeWaiting();
      return null;
    } catch (error) {
      this.waiting.length = 0;
      this.waitingBytes = 0;
      return (error as Error).message;
    }
  }

  private writeWaiting(): void {
    for (let bytes = this.waiting[0]; bytes !== undefined; bytes = this.waiting[0]) {
      const written = writeSome(this.descriptor, bytes);
      this.waitingBytes -= written;
      if (written === bytes.length) this.waiting.shift();
      else this.waiting[0] = bytes.subarray(written);
      if (written === 0) {
        this.retryLater();
        return;
      }
    }
  }

  private retryLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.flush();
    }, RETRY_MS).unref();
  }
}

/** @returns the number of bytes written; 0 while there is no room. @throws Error */
function writeSome(descriptor: number, bytes: Buffer): number {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

/** A descriptor of the same pipe or terminal that returns EAGAIN instead of waiting. Reopened, so that other programs sharing the original still wait. */
function nonBlocking(descriptor: number): number {
  // A reopened file would be overwritten from its start, and a disk does not block.
  if (fstatSync(descriptor).isFile()) return descriptor;
  try {
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // A socket cannot be reopened, and some systems have no /proc. Node makes its own standard streams non-blocking at first use.
    void process.stdout.writable;
    return descriptor;
  }
}
