import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Clock, Timer } from '../../../shared/clock.ts';
import type { Limits } from '../../config/limits.ts';
import type { Debtor, MemoryBudget, PeerAccount } from '../../kernel/memory-budget.ts';
import { addressOfPeer } from '../peer-address.ts';
import type { PendingConnection } from '../pending-connections.ts';
import { handshakeBytes } from '../tls/handshake-bytes.ts';
import type { TlsIdentity } from '../tls/identity.ts';
import { TLS_BYTES } from '../transport.ts';

/** About the memory of a socket with Node's HTTP parser and the head of one request. */
const HTTP_BYTES = 32_768;

/** What visitors need of the server. */
export interface VisitorEnvironment {
  readonly memory: MemoryBudget;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'loginTimeoutMs'>;
}

/** A socket at an HTTP port before it becomes a WebSocket. */
export class Visitor implements PendingConnection, Debtor {
  readonly rank = 'pending';
  readonly peer: string;
  /** What the server has shown where the socket is encrypted; else null. */
  readonly identity: TlsIdentity | null;
  private readonly socket: Socket;
  private readonly raw: Socket;
  private readonly account: PeerAccount;
  /** Ends it. */
  private readonly timer: Timer;
  private charged = 0;

  /** @param socket What HTTP is spoken on. @param raw The same, or the one below its encryption. */
  constructor(peer: string, socket: Socket, raw: Socket, identity: TlsIdentity | null, { memory, clock, limits }: VisitorEnvironment) {
    this.peer = peer;
    this.socket = socket;
    this.raw = raw;
    this.identity = identity;
    this.account = memory.open(this, addressOfPeer(peer));
    this.timer = clock.after(limits.loginTimeoutMs, () => socket.destroy());
    this.measure();
  }

  measure(): void {
    const tls = this.socket instanceof TLSSocket ? TLS_BYTES + handshakeBytes(this.socket, this.raw) : 0;
    this.charge(HTTP_BYTES + tls);
  }

  crowdOut(): void {
    this.socket.destroy();
  }

  giveUp(): void {
    this.socket.destroy();
  }

  /** It is closed, or goes on as a WebSocket, which is charged anew. */
  leave(): void {
    this.timer.cancel();
    this.charge(0);
    this.account.close();
  }

  private charge(bytes: number): void {
    this.account.charge(bytes - this.charged);
    this.charged = bytes;
  }
}
