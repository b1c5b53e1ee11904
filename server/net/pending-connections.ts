import type { Clock } from '../../shared/clock.ts';
import type { Limits } from '../config/limits.ts';
import { addressOfPeer } from './peer-address.ts';

/** The time between two measurements of the memory that they take. */
const MEASURE_MS = 100;

/** A connection that has not logged in. */
export interface PendingConnection {
  readonly peer: string;
  /** Closes it to make room. */
  crowdOut(): void;
  /** Charges its peer for the memory that it takes now: no event tells of what TLS keeps during a handshake. */
  measure(): void;
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
  private readonly clock: Pick<Clock, 'after'>;
  private measuring = false;
  size = 0;

  constructor(limits: Pick<Limits, 'pendingConnections' | 'pendingOfAddress'>, clock: Pick<Clock, 'after'>) {
    this.limits = limits;
    this.clock = clock;
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
    this.measureLater();
  }

  /** It has logged in, or is closed. */
  remove(connection: PendingConnection): void {
    const address = addressOfPeer(connection.peer);
    const ofAddress = this.byAddress.get(address);
    if (ofAddress?.delete(connection) !== true) return;
    this.size--;
    if (ofAddress.size === 0) this.byAddress.delete(address);
  }

  private measureLater(): void {
    if (this.measuring) return;
    this.measuring = true;
    this.clock.after(MEASURE_MS, () => this.measureAll());
  }

  private measureAll(): void {
    this.measuring = false;
    for (const ofAddress of this.byAddress.values()) for (const connection of ofAddress) connection.measure();
    if (this.size > 0) this.measureLater();
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
