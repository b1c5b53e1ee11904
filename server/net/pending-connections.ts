import type { Clock, Timer } from '../../shared/clock.ts';
import type { Limits } from '../config/limits.ts';
import { addressOfPeer } from './peer-address.ts';

/** The interval of measuring their memory. */
const MEASURE_MS = 100;

/** An unauthenticated connection. */
export interface PendingConnection {
  readonly peer: string;
  /** Closes it in favour of a new one. */
  crowdOut(): void;
  /** Charges the peer for its current memory: no event reports the memory of a TLS handshake. */
  measure(): void;
}

/**
 * The unauthenticated connections, bounded per address and in total.
 *
 * Beyond the bound the server accepts a new connection and closes the oldest one of the address that has the most. An honest client logs in within milliseconds, so
 * the oldest connections are those of attackers, who thus cannot block logins, even from the same address.
 */
export class PendingConnections {
  private readonly limits: Pick<Limits, 'pendingConnections' | 'pendingOfAddress'>;
  /** In order of arrival. */
  private readonly byAddress = new Map<string, Set<PendingConnection>>();
  private readonly clock: Pick<Clock, 'after'>;
  private measuring: Timer | null = null;
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
    // Set again: closing the oldest may have removed the last connection of this address, and with it the set.
    this.byAddress.set(address, ofAddress);
    ofAddress.add(connection);
    this.size++;
    this.measureLater();
  }

  /** Removes a connection that has logged in or closed. */
  remove(connection: PendingConnection): void {
    const address = addressOfPeer(connection.peer);
    const ofAddress = this.byAddress.get(address);
    if (ofAddress?.delete(connection) !== true) return;
    this.size--;
    if (ofAddress.size === 0) this.byAddress.delete(address);
    if (this.size === 0) this.stopMeasuring();
  }

  private measureLater(): void {
    this.measuring ??= this.clock.after(MEASURE_MS, () => this.measureAll());
  }

  private stopMeasuring(): void {
    this.measuring?.cancel();
    this.measuring = null;
  }

  private measureAll(): void {
    this.measuring = null;
    for (const ofAddress of this.byAddress.values()) for (const connection of ofAddress) connection.measure();
    if (this.size > 0) this.measureLater();
  }

  private crowdOutOldest(connections: ReadonlySet<PendingConnection>): void {
    const [oldest] = connections;
    if (oldest === undefined) return;
    // Remove it now: its socket closes later.
    this.remove(oldest);
    oldest.crowdOut();
  }

  private largest(): ReadonlySet<PendingConnection> {
    let largest: ReadonlySet<PendingConnection> = new Set();
    for (const connections of this.byAddress.values()) if (connections.size > largest.size) largest = connections;
    return largest;
  }
}
