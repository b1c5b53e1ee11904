import type { Stanza } from './stanza.ts';

/** Anything a stanza can be delivered to: a client session, the router, a service class. */
export interface Endpoint {
  /** Its address in the directory. */
  readonly jid: string;
  /** Takes the stanza, whose `from` is already stamped. Never waits, and never throws because of the sender. */
  deliver(stanza: Stanza): void;
}
