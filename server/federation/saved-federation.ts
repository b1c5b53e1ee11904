import type { StanzaErrorCondition } from '../../shared/errors.ts';
import type { Connection, SavedConnection } from '../net/connection.ts';
import type { Framing } from '../net/framing.ts';
import type { SessionLife } from '../sessions/session.ts';

/** A connection of another process, with which this one may go on. */
export interface InheritedConnection {
  readonly state: SavedConnection;
  /** Makes the connection; {@link Connection.restore} follows. */
  take(framing: Framing): Connection;
}

/** The streams and sessions of peer servers as they go to another process. `S` stands for a stanza and `C` for a connection, either as objects or as JSON. */
export interface SavedFederation<S, C> {
  /** Of the dialback keys: the peer may ask about one that was sent before. */
  readonly secret: string;
  readonly domains: readonly SavedDomain<S>[];
  readonly outgoing: readonly SavedOutgoing<C>[];
  readonly incoming: readonly SavedIncoming<C>[];
  readonly sent: readonly SavedMessage<S>[];
}

/** The domain of a peer. */
export interface SavedDomain<S> {
  readonly domain: string;
  /** Null: it has no session. */
  readonly life: SessionLife | null;
  readonly pairs: readonly SavedPair<S>[];
  /** The last pause after a failure, and the rest of it. */
  readonly pauseMs: number;
  readonly pausedMs: number;
  readonly problem: { readonly condition: StanzaErrorCondition; readonly text: string } | null;
}

/** The stanzas of one own domain. */
export interface SavedPair<S> {
  readonly own: string;
  readonly state: 'held' | 'asked' | 'open';
  readonly queue: readonly S[];
}

/** A stream that this server has opened. */
export interface SavedOutgoing<C> {
  readonly connection: C;
  /** Since when it carries stanzas, in milliseconds since 1970; null: it does not yet. */
  readonly since: number | null;
  /** The domains that use it. */
  readonly users: readonly string[];
  readonly own: string;
  /** 0: unlimited. */
  readonly maxBytes: number;
  readonly reportsErrors: boolean;
  readonly streamId: string;
  readonly pairs: readonly (readonly [key: string, state: 'asked' | 'open'])[];
}

/** A stream that a peer has opened. */
export interface SavedIncoming<C> {
  readonly connection: C;
  /** Since when it carries stanzas, in milliseconds since 1970; null: it does not yet. */
  readonly since: number | null;
  readonly from: string;
  readonly streamId: string;
  /** The peer's domain, as it wrote it. */
  readonly to: string;
  readonly open: readonly string[];
  readonly waiting: readonly SavedQuestion[];
}

/** A pair whose key has not been verified yet. */
export interface SavedQuestion {
  readonly from: string;
  readonly to: string;
  readonly key: string;
}

/** A message that a bounce may lack. */
export interface SavedMessage<S> {
  readonly message: S;
  readonly ageMs: number;
}
