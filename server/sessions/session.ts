import type { DeliveryObserver } from '../../router/ports/environment.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import type { StreamError } from '../../shared/errors.ts';
import type { Origin } from '../../shared/origin.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { StanzaCounts } from '../kernel/counts.ts';
import type { PeerAccount } from '../kernel/memory-budget.ts';
import type { Link } from './link.ts';

/** Who logged in, and how. */
export interface SessionIdentity {
  /** `''` for a component, as is the resource: it has the whole domain. */
  readonly username: string;
  readonly domain: string;
  readonly resource: string;
  /** Whether the account may speak as a router. */
  readonly isRouterAccount: boolean;
  /** Whether its stream has no `version`: a client of OpenSRF, which reacts to element names at any depth. */
  readonly isVersionless: boolean;
}

/** One authenticated identity with an address, its rules and counters. It has no socket: its {@link Link} carries its stanzas. */
export interface Session extends Endpoint, StanzaCounts {
  readonly kind: 'client' | 'component';
  readonly bareJid: string;
  /** Who it is, as its stanzas say it. */
  readonly origin: Origin;
  readonly isVersionless: boolean;
  /** Of the memory that is kept for it. */
  readonly account: PeerAccount;
  /** Whether its client speaks XMPP 1.0, so that a ping is answered. */
  readonly answersPings: boolean;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Stream management puts itself between a session and its connection. */
  link: Link;
  readonly stalled: boolean;
  readonly backlogged: boolean;
  /** Follows what it is handed. */
  observe(observer: DeliveryObserver): void;
  /** Takes a stanza that its peer has sent, and stamps it. */
  read(stanza: Stanza): void;
  /** Refuses a stanza that was too large to be kept. @param length All of its characters. */
  readOversized(stanza: Stanza, length: number): void;
  /** Hands on a stanza that it has sent. */
  forward(stanza: Stanza): void;
  /** Ends it, whether its link is open or away. @param error goes to the peer. */
  close(reason: CloseReason, error: StreamError | null): void;
  /** Its link is over. Called once. @param unsent What the peer never got, in order. */
  linkEnded(reason: CloseReason, unsent: readonly Stanza[]): void;
}
