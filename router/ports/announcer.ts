import type { ExtensionForm } from '../../shared/extension.ts';

/** The facts of a registration. */
export interface Listener {
  /** The address it registered from: that of its session, or one of a component's. */
  readonly jid: string;
  /** The element in which its library expects `router_from`: the one that carried `router_command`. */
  readonly form: ExtensionForm;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Whether it gets no new requests. */
  readonly draining: boolean;
}

/**
 * Announces the changes that a router has made because of a stanza, a command or its own watch to the other members of a cluster, which apply them by a
 * {@link Replica}. A change that another member has announced is repeated if the listener is one of this process, because only its own member's announcements
 * come in order. The end of a session is announced as such: its listeners leave everywhere with it. Each method gets the number of the listener's session in this process.
 */
export interface Announcer {
  /** A listener has registered, perhaps again. */
  joined(className: string, listener: Listener, session: number): void;
  /** A listener has unregistered. */
  left(className: string, jid: string, session: number): void;
  /** A listener has bounced a request on that thread and was removed; the request may be in another member's ledger. */
  bounced(className: string, jid: string, session: number, thread: string): void;
  /** A listener gets no new requests, or gets them again. */
  drained(className: string, jid: string, session: number, draining: boolean): void;
  /** A listener of this process has become a suspect, or is none any more. @param reason A {@link SuspicionReason}; `''`: it is none. */
  suspected(className: string, jid: string, session: number, reason: string): void;
}
