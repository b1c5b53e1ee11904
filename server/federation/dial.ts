import { connect, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import type { PeerAddress } from './addresses.ts';

/** Connects to the first address that answers. @param ms The time for each. @returns null if none does. */
export async function dial(addresses: readonly PeerAddress[], ms: number, clock: Pick<Clock, 'after'>): Promise<Socket | null> {
  for (const address of addresses) {
    const socket = await attempt(address, ms, clock);
    if (socket !== null) return socket;
  }
  return null;
}

function attempt({ host, port }: PeerAddress, ms: number, clock: Pick<Clock, 'after'>): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const timer = clock.after(ms, () => socket.destroy());
    socket.once('connect', () => {
      timer.cancel();
      socket.removeAllListeners();
      resolve(socket);
    });
    socket.once('error', () => {});
    socket.once('close', () => {
      timer.cancel();
      resolve(null);
    });
  });
}
