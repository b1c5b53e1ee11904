import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import type { TlsIdentity } from '../net/tls/identity.ts';

/** A request to the HTTP host: its place and sender are known, its body is not read. */
export interface WebRequest {
  readonly message: IncomingMessage;
  /** As sent, without the query. */
  readonly path: string;
  /** Behind the first `?`, as sent. */
  readonly query: string;
  /** The client's address, as a trusted proxy has it or as the socket has. */
  readonly address: string;
  /** Whether the client's own connection is encrypted. */
  readonly secure: boolean;
  /** Of everything that is kept for the connection. */
  readonly account: MemoryAccount;
}

/** A request to become something other than HTTP. */
export interface UpgradeRequest extends WebRequest {
  readonly socket: Socket;
  /** Bytes that came behind the request. */
  readonly head: Buffer;
  /** Ends the connection's time as an HTTP client. @returns the certificate shown to it; null without TLS. */
  leave(): TlsIdentity | null;
}

/** Serves some paths of the HTTP host. */
export interface Door {
  /** Where it takes WebSockets; `''`: nowhere. */
  readonly webSocketPath: string;
  serves(path: string): boolean;
  /** Answers a request; a failure is logged by the host. */
  answer(request: WebRequest, response: ServerResponse): void | Promise<void>;
  /** Takes a connection over, or refuses to. Called for {@link webSocketPath} alone. */
  upgrade(request: UpgradeRequest): void;
  /** Asks peers that were silent whether they are there, and leaves those that are not. */
  checkPeers(): void;
}
