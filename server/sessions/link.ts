import type { StreamError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { PeerAccount } from '../kernel/memory-budget.ts';
import type { TransportKind } from '../net/transport.ts';

/**
 * Carries the stanzas of a session to its peer: a connection, a managed connection that may be away (XEP-0198), or a program in this process.
 * A session has no socket; it asks its link.
 */
export interface Link {
  readonly kind: TransportKind;
  /** The peer's address for logs, `address:port` if it has one. */
  readonly peer: string;
  /** Whether it is connected; a managed link may lose its connection and resume. */
  readonly open: boolean;
  /** Whether the peer has not read everything, so that new stanzas are queued. */
  readonly blocked: boolean;
  /** Whether the peer has read nothing for too long. */
  readonly stalled: boolean;
  /** Whether too many bytes wait for the peer to send it long answers. */
  readonly backlogged: boolean;
  /** The memory of all queued output, in bytes. */
  readonly outboxBytes: number;
  /** The account of the memory that is kept for the peer. */
  readonly account: PeerAccount;
  /** The bytes from the peer, and roughly those to it. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Sends a stanza. If the session ends before it is written, the link returns it. */
  send(stanza: Stanza): void;
  /** Ends the session for good. Only the first call counts. @param error Sent to the peer. */
  close(reason: CloseReason, error: StreamError | null): void;
  /** Simulates a network failure; a managed session may be resumed. */
  cut(): void;
  /** Holds output back, as the socket of a process that does not read. @returns A function that releases it. */
  hold(): () => void;
  /** Writes one byte at a time from now on, if the link has bytes. @returns A function that ends this. */
  splitWrites(): () => void;
}
