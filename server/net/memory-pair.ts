import { Duplex } from 'node:stream';
import { nextTick } from '../kernel/native.ts';

/**
 * Two connected streams that end like the two ends of a TCP connection: if one is destroyed, the other one closes.
 * (Node 20's `duplexPair` does not close the other one.)
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
  /** The callback of the last written chunk, or null. */
  private readOn: (() => void) | null = null;

  constructor() {
    // Like the sockets of the server, one direction may end before the other.
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
    else if (peer.push(chunk)) nextTick(done);
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
    if (peer !== null && !over && !peer.destroyed) nextTick(() => peer.destroy(connectionReset()));
  }
}

function brokenPipe(): Error {
  return Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
