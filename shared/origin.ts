import { type MemoryAccount, NO_ACCOUNT } from './memory-account.ts';

/** The sender of a stanza, as a value. */
export interface Origin {
  /** The address of the session: a full JID, or a component's domain; `''` for the server itself. */
  readonly jid: string;
  /** The attribute of a start tag with that address, `from='…'`; `''` for the server itself. */
  readonly fromAttribute: string;
  /** The domain of that address. */
  readonly domain: string;
  /** Whether the session belongs to a router account, which may set `router_from` and command the router. */
  readonly isRouterAccount: boolean;
  /** The number of the session, unique in this process; 0 for the server itself. */
  readonly session: number;
  /** Charged for the memory kept for the session. */
  readonly account: MemoryAccount;
}

/** The origin of the server's own stanzas: answers, bounces, the router's messages. */
export const SERVER_ORIGIN: Origin = Object.freeze({ jid: '', fromAttribute: '', domain: '', isRouterAccount: false, session: 0, account: NO_ACCOUNT });
