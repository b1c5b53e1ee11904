import { Duplex } from 'node:stream';

/**
 * Two streams, each of which reads what is written to the other, and which end as the two ends of a TCP connection do: if one is destroyed,
 * the other one learns of it. (Those of Node's `duplexPair` do not in Node 20, and wait for ever.)
 */
export function memoryPair(): [Duplex, Duplex] {
  const one = new MemoryEnd();
  const other = new MemoryEnd();
  one.peer = other;
  other.peer = one;
  return [one, other];
}

class MemoryEnd extends Duplex {
  peer: MemoryEnd | null = null;
  /** Tells the writer of the last chunk that it may go on; null while there is none. */
  private readOn: (() => void) | null = null;

  constructor() {
    // As the sockets of the server, one direction may end before the other.
    super({ allowHalfOpen: true });
  }

  override _read(): void {
    const { readOn } = this;
    this.readOn = null;
    readOn?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { peer } = this;
    if (peer === null || peer.destroyed) done(brokenPipe());
    else if (peer.push(chunk)) process.nextTick(done);
    else peer.readOn = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.peer?.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    done(error);
    const { peer } = this;
    const over = this.writableFinished && this.readableEnded;
    this.peer = null;
    if (peer !== null && !over && !peer.destroyed) process.nextTick(() => peer.destroy(connectionReset()));
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
