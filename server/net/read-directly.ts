import { Socket, type SocketConstructorOpts } from 'node:net';

/** Where all sockets of the process read into, one after the other: what is in it has been taken out before the next one reads. */
const INTO = Buffer.allocUnsafeSlow(65_536);

/** What Node keeps the kernel's socket in. */
interface WithHandle {
  _handle?: unknown;
}

/**
 * Has a socket that a server has accepted read into one buffer for all, instead of one of its own for every chunk, and past the queues of a stream: a request costs a
 * fifth less of CPU at window 1, a tenth at window 8 (Node 20.20).
 *
 * That is what `onread` is for, which a server cannot be told, so another socket takes over the handle. The property is not documented; where it is missing
 * the socket is read as any stream.
 *
 * @param take May not keep the chunk. @returns the socket to use from now on.
 */
export function readDirectly(accepted: Socket, take: (chunk: Buffer) => void): Socket {
  const { _handle: handle } = accepted as WithHandle;
  if (handle === undefined || handle === null) return accepted.on('data', take);
  const onread = {
    buffer: INTO,
    callback: (length: number): boolean => {
      take(INTO.subarray(0, length));
      return true;
    },
  };
  (accepted as WithHandle)._handle = null;
  // Without a handle it closes nothing; its server counts it no longer.
  accepted.destroy();
  return new Socket({ handle, onread, allowHalfOpen: true, readable: true, writable: true } as SocketConstructorOpts).resume();
}
