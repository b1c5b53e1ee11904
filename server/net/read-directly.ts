import { Socket, type SocketConstructorOpts } from 'node:net';

/** The buffer into which all sockets of the process read, one after the other: each chunk is consumed before the next read. */
const INTO = Buffer.allocUnsafeSlow(65_536);

/** Node's handle of a kernel socket. */
interface WithHandle {
  _handle?: unknown;
}

/**
 * Lets an accepted socket read into one shared buffer, instead of a new one per chunk, and bypasses the queues of a stream: a request costs a
 * fifth less CPU at window 1, a tenth less at window 8 (Node 20.20).
 *
 * This is the purpose of `onread`, which servers do not support, so another socket takes over the handle. That property is undocumented; without it
 * the socket is read as an ordinary stream.
 *
 * @param take Must not keep the chunk. @returns the socket to use from now on.
 */
export function readDirectly(accepted: Socket, take: (chunk: Buffer) => void): Socket {
  const { _handle: handle } = accepted as WithHandle;
  if (handle === undefined || handle === null) return accepted.on('data', take);
  (accepted as WithHandle)._handle = null;
  // Without a handle this closes nothing, but its server no longer counts it.
  accepted.destroy();
  return directSocket({ handle }, take).resume();
}

/** A socket of another process, which reads so once it is resumed. */
export class InheritedSocket {
  readonly socket: Socket;
  /** Must not keep the chunk. */
  take: (chunk: Buffer) => void = () => {};

  constructor(fd: number) {
    this.socket = directSocket({ fd, manualStart: true }, (chunk) => this.take(chunk));
  }
}

function directSocket(place: object, take: (chunk: Buffer) => void): Socket {
  const onread = {
    buffer: INTO,
    callback: (length: number): boolean => {
      take(INTO.subarray(0, length));
      return true;
    },
  };
  const options = { ...place, onread, allowHalfOpen: true, readable: true, writable: true };
  return new Socket(options as SocketConstructorOpts);
}
