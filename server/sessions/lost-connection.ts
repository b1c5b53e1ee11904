import type { Debtor, MemoryBudget, PeerAccount } from '../kernel/memory-budget.ts';
import { addressOfPeer } from '../net/peer-address.ts';
import type { TransportKind } from '../net/transport.ts';
import type { ManagedConnection } from './managed-link.ts';

/** The lost connection of a session that waits for its resumption, after the session has moved to this process. */
export class LostConnection implements ManagedConnection, Debtor {
  readonly kind: TransportKind;
  readonly peer: string;
  readonly rank = 'client';
  readonly account: PeerAccount;
  readonly open = false;
  readonly blocked = true;
  readonly stalled = true;
  readonly backlogged = false;
  readonly outboxBytes = 0;
  readonly bytesRead = 0;
  readonly bytesWritten = 0;

  constructor(kind: TransportKind, peer: string, memory: MemoryBudget) {
    this.kind = kind;
    this.peer = peer;
    this.account = memory.open(this, addressOfPeer(peer));
  }

  giveUp(): void {}
  shareStanzas(): void {}
  send(): void {}
  write(): void {}
  close(): void {}
  cut(): void {}

  hold(): () => void {
    return () => {};
  }

  splitWrites(): () => void {
    return () => {};
  }
}
