import { Duplex } from 'node:stream';

/** A stream whose far side takes a write at once or, while it is blocked, on demand. */
export class BlockingDuplex extends Duplex {
  /** What the far side has been given, write by write. */
  readonly writes: string[] = [];
  blocked = false;
  private taken: (() => void) | null = null;

  constructor() {
    super({ decodeStrings: false });
  }

  /** All that was written. */
  get text(): string {
    return this.writes.join('');
  }

  /** Takes what was written while it was blocked, and all that comes. */
  unblock(): void {
    this.blocked = false;
    this.takeOne();
  }

  /** Takes the one write that is under way and stays blocked. */
  takeOne(): void {
    const { taken } = this;
    this.taken = null;
    taken?.();
  }

  override _read(): void {}

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: () => void): void {
    this.writes.push(chunk.toString());
    if (this.blocked) this.taken = done;
    else done();
  }
}
