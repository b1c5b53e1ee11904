import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';

/** A request to the HTTP host, with its path and sender resolved and its body unread. */
export interface WebRequest {
  readonly message: IncomingMessage;
  /** As sent, without the query. */
  readonly path: string;
  /** The text after the first `?`, as sent. */
  readonly query: string;
  /** The client's address, from a trusted proxy or from the socket. */
  readonly address: string;
  /** Whether the client's own connection is encrypted. */
  readonly secure: boolean;
  /** Charged for everything kept for the connection. */
  readonly account: MemoryAccount;
}

/** A request to upgrade the connection. */
export interface UpgradeRequest extends WebRequest {
  readonly socket: Socket;
  /** Bytes received after the request. */
  readonly head: Buffer;
  /** Hands the socket over; HTTP no longer uses it. @returns the certificate shown to the client; null without TLS. */
  leave(): TlsIdentity | null;
}

/** Serves some paths of the HTTP host. */
export interface Door {
  /** The path of its WebSocket; `''`: none. */
  readonly webSocketPath: string;
  serves(path: string): boolean;
  /** Answers a request; the host logs a failure. */
  answer(request: WebRequest, response: ServerResponse): void | Promise<void>;
  /** Takes the connection over or refuses it. Called only for {@link webSocketPath}. */
  upgrade(request: UpgradeRequest): void;
  /** Pings silent peers and disconnects those that did not answer the last ping. */
  checkPeers(): void;
}
