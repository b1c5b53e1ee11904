import type { DeliveryObserver } from '../../router/ports/environment.ts';
import type { Endpoint } from '../../shared/endpoint.ts';
import type { StreamError } from '../../shared/errors.ts';
import type { Origin } from '../../shared/origin.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { StanzaCounts } from '../kernel/counts.ts';
import type { PeerAccount } from '../kernel/memory-budget.ts';
import type { Link } from './link.ts';

/** The authenticated identity of a session. */
export interface SessionIdentity {
  /** `''` for a component, like the resource: it has the whole domain. */
  readonly username: string;
  readonly domain: string;
  readonly resource: string;
  /** Whether the account has a router's name, and may set `router_from`. */
  readonly isRouterAccount: boolean;
  /** Whether its stream has no `version`: a client of OpenSRF, which reacts to element names at any depth. */
  readonly isVersionless: boolean;
}

/** The number of a session, and its counters. */
export interface SessionLife extends StanzaCounts {
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** One authenticated identity with an address, its rules and counters. It has no socket: its {@link Link} carries its stanzas. */
export interface Session extends Endpoint, StanzaCounts {
  /** `peer`: another server, with all addresses of its domain. */
  readonly kind: 'client' | 'component' | 'peer';
  readonly bareJid: string;
  readonly local: boolean;
  /** The origin of its stanzas. */
  readonly origin: Origin;
  readonly isVersionless: boolean;
  /** The account of the memory that is kept for it. */
  readonly account: PeerAccount;
  /** Whether it answers pings: a client of XMPP 1.0. */
  readonly answersPings: boolean;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Its link, which stream management replaces. */
  link: Link;
  /** Its life so far. */
  readonly life: SessionLife;
  readonly stalled: boolean;
  readonly backlogged: boolean;
  /** Adds an observer of the stanzas delivered to it. */
  observe(observer: DeliveryObserver): void;
  /** Processes a stanza from its peer, and stamps it. */
  read(stanza: Stanza): void;
  /** Refuses a stanza that was too large to be kept. @param length All of its characters. */
  readOversized(stanza: Stanza, length: number): void;
  /** Forwards a stanza from its peer to delivery. */
  forward(stanza: Stanza): void;
  /** Ends it, with or without a connection. @param error Sent to the peer. */
  close(reason: CloseReason, error: StreamError | null): void;
  /** Called once when its link has ended. @param unsent The undelivered stanzas, in order. */
  linkEnded(reason: CloseReason, unsent: readonly Stanza[]): void;
}
