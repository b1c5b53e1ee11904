import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Debtor, MemoryBudget, PeerAccount } from '../kernel/memory-budget.ts';
import { addressOfPeer } from '../net/peer-address.ts';
import type { PendingConnection } from '../net/pending-connections.ts';
import { placeOf } from '../net/tcp.ts';
import { handshakeBytes } from '../net/tls/handshake-bytes.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';
import { TLS_BYTES } from '../net/transport.ts';
import type { Door } from './door.ts';

/** The approximate memory of a socket with Node's HTTP parser and the head of one request. */
const HTTP_BYTES = 32_768;

/** The deadline of a visitor with a request under way. */
export const BUSY = Number.POSITIVE_INFINITY;

/** An HTTP connection. Between requests the server may close it to make room, like a connection before login. */
export class Visitor implements PendingConnection, Debtor {
  readonly rank = 'pending';
  readonly peer: string;
  /** The certificate shown to the client; null without TLS. */
  readonly identity: TlsIdentity | null;
  /** The doors of its port. */
  readonly doors: readonly Door[];
  readonly socket: Socket;
  /** Charged for its requests and its unread answers. */
  readonly account: PeerAccount;
  /** Monotonic milliseconds. */
  deadline = BUSY;
  /** Its requests without an answer: a client may send further ones before (RFC 9112 §9.3.2). */
  unanswered = 0;
  /** Whether it counts as a connection before login. */
  pending = false;
  private readonly raw: Socket;
  private charged = 0;
  /** Bytes that the kernel had accepted at the last check, and when that number last changed. */
  private taken = 0;
  private takenAt = 0;

  /** @param socket The socket that carries HTTP. @param raw The TCP socket: the same, or the one below TLS. */
  constructor(socket: Socket, raw: Socket, identity: TlsIdentity | null, doors: readonly Door[], memory: MemoryBudget) {
    this.peer = placeOf(raw).peer;
    this.identity = identity;
    this.doors = doors;
    this.socket = socket;
    this.raw = raw;
    this.account = memory.open(this, addressOfPeer(this.peer));
    this.measure();
  }

  crowdOut(): void {
    this.socket.destroy();
  }

  giveUp(): void {
    this.socket.destroy();
  }

  /** Whether answers wait for this client and it has read none of them for this long. */
  readsNothing(now: number, ms: number): boolean {
    const { bytesWritten, writableLength } = this.socket;
    const taken = bytesWritten - writableLength;
    if (writableLength === 0 || taken !== this.taken) {
      this.taken = taken;
      this.takenAt = now;
    }
    return now - this.takenAt >= ms;
  }

  /** Charges the memory of its socket and unread answers. */
  measure(): void {
    const tls = this.socket instanceof TLSSocket ? TLS_BYTES + handshakeBytes(this.socket, this.raw) : 0;
    this.charge(HTTP_BYTES + tls + this.socket.writableLength);
  }

  /** Releases its charge when it closes or becomes a WebSocket. */
  leave(): void {
    this.charge(0);
    this.account.close();
  }

  private charge(bytes: number): void {
    this.account.charge(bytes - this.charged);
    this.charged = bytes;
  }
}
