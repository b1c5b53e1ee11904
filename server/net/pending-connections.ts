import type { Limits } from '../config/limits.ts';
import { addressOfPeer } from './peer-address.ts';

/** A connection that has not logged in. */
export interface PendingConnection {
  readonly peer: string;
  /** Closes it to make room. */
  crowdOut(): void;
}

/**
 * The connections that have not logged in, which cost memory and have proved nothing. There may be so many of one address, and so many in all.
 *
 * Beyond, nobody is turned away: the oldest of the address that has the most makes room. An honest client logs in within milliseconds, so the oldest are those
 * that do not mean to; and however many hold on, a whole site may log in from the same address.
 */
export class PendingConnections {
  private readonly limits: Pick<Limits, 'pendingConnections' | 'pendingOfAddress'>;
  /** In order of arrival. */
  private readonly byAddress = new Map<string, Set<PendingConnection>>();
  size = 0;

  constructor(limits: Pick<Limits, 'pendingConnections' | 'pendingOfAddress'>) {
    this.limits = limits;
  }

  add(connection: PendingConnection): void {
    const address = addressOfPeer(connection.peer);
    const ofAddress = this.byAddress.get(address) ?? new Set();
    this.byAddress.set(address, ofAddress);
    if (ofAddress.size >= this.limits.pendingOfAddress) this.crowdOutOldest(ofAddress);
    else if (this.size >= this.limits.pendingConnections) this.crowdOutOldest(this.largest());
    // Again: it is forgotten once nobody is left of it, and the oldest may have been its last.
    this.byAddress.set(address, ofAddress);
    ofAddress.add(connection);
    this.size++;
  }

  /** It has logged in, or is closed. */
  remove(connection: PendingConnection): void {
    const address = addressOfPeer(connection.peer);
    const ofAddress = this.byAddress.get(address);
    if (ofAddress?.delete(connection) !== true) return;
    this.size--;
    if (ofAddress.size === 0) this.byAddress.delete(address);
  }

  private crowdOutOldest(connections: ReadonlySet<PendingConnection>): void {
    const [oldest] = connections;
    if (oldest === undefined) return;
    // At once, and not when its socket is closed: room is needed now.
    this.remove(oldest);
    oldest.crowdOut();
  }

  private largest(): ReadonlySet<PendingConnection> {
    let largest: ReadonlySet<PendingConnection> = new Set();
    for (const connections of this.byAddress.values()) if (connections.size > largest.size) largest = connections;
    return largest;
  }
}
