import { type MemoryAccount, NO_ACCOUNT } from './memory-account.ts';

/** Who sent a stanza, as a value: the session itself may be anywhere. */
export interface Origin {
  /** The address of the session: a full JID, or a component's domain; `''` for the server itself. */
  readonly jid: string;
  /** The domain of that address. */
  readonly domain: string;
  /** Whether the session logged in as a router account, whose `router_from` is believed and which may command the router. */
  readonly isRouterAccount: boolean;
  /** The number of the session, unique in this process; 0 for the server itself. */
  readonly session: number;
  /** Of what is kept for the session. */
  readonly account: MemoryAccount;
}

/** The server's own stanzas: answers, bounces, what the router says. */
export const SERVER_ORIGIN: Origin = Object.freeze({ jid: '', domain: '', isRouterAccount: false, session: 0, account: NO_ACCOUNT });
