import { Duplex } from 'node:stream';

/** A stream whose far side accepts a write at once or, while blocked, on demand. */
export class BlockingDuplex extends Duplex {
  /** The data given to the far side, write by write. */
  readonly writes: string[] = [];
  blocked = false;
  private taken: (() => void) | null = null;

  constructor() {
    super({ decodeStrings: false });
  }

  /** All written data. */
  get text(): string {
    return this.writes.join('');
  }

  /** Accepts the blocked and all later writes. */
  unblock(): void {
    this.blocked = false;
    this.takeOne();
  }

  /** Accepts the pending write and stays blocked. */
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
