import type { Stanza } from './stanza.ts';

/** Anything a stanza can be delivered to: a client session, the router, a service class. */
export interface Endpoint {
  /** The address it is found by. */
  readonly jid: string;
  /** Takes the stanza, whose `from` is already stamped. Never throws for the sender's sake and never waits. */
  deliver(stanza: Stanza): void;
}
