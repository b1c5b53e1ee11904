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
  /** Where the peer is, for logs: `address:port` where it has one. */
  readonly peer: string;
  /** Whether it carries stanzas now; a managed link may be away and come back. */
  readonly open: boolean;
  /** Whether the peer has not taken all that was written: what is sent to it now is kept. */
  readonly blocked: boolean;
  /** Whether the peer has taken nothing for longer than a busy one may. */
  readonly stalled: boolean;
  /** Whether so much waits for the peer that it gets no long answers. */
  readonly backlogged: boolean;
  /** The memory that everything takes which waits for the peer, in bytes. */
  readonly outboxBytes: number;
  /** Of the memory that is kept for the peer. */
  readonly account: PeerAccount;
  /** What the peer has sent, and about what it was sent. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Sends a stanza. If the session ends before it was written, the link gives it back. */
  send(stanza: Stanza): void;
  /** Ends the session for good. The first call counts. @param error goes to the peer. */
  close(reason: CloseReason, error: StreamError | null): void;
  /** Breaks without a word, as a network does; a managed session may be resumed. */
  cut(): void;
  /** Holds back what is to leave from now on, as the socket of a process that does not read. @returns what lets it go. */
  hold(): () => void;
  /** Writes one byte at a time from now on, where there are bytes. @returns what ends that. */
  splitWrites(): () => void;
}
