import type { RequestFilter } from './requests.ts';

/**
 * A condition of a stanza error (RFC 6120 §8.3.3).
 * @public
 */
export type StanzaErrorCondition =
  | 'bad-request'
  | 'conflict'
  | 'feature-not-implemented'
  | 'forbidden'
  | 'internal-server-error'
  | 'item-not-found'
  | 'jid-malformed'
  | 'not-acceptable'
  | 'not-allowed'
  | 'not-authorized'
  | 'policy-violation'
  | 'remote-server-not-found'
  | 'remote-server-timeout'
  | 'resource-constraint'
  | 'service-unavailable';

/**
 * The effect of a fault: one of these. New versions may add actions.
 * @public
 */
export type FaultAction =
  /** Delays the message by this many milliseconds, or by a random time between two; later messages overtake it. */
  | { readonly delayMs: number | readonly [from: number, to: number] }
  /** Drops the message. */
  | { readonly drop: true }
  /** Delivers this many extra copies; true: one. */
  | { readonly duplicate: number | true }
  /** Bounces the message with this condition; true: `service-unavailable`. */
  | { readonly bounce: StanzaErrorCondition | true }
  /** Sends the client this status instead of the answer. */
  | { readonly status: number; readonly text?: string }
  /** With `on: 'web'`: answers the HTTP request with this status (400 to 599), as a proxy whose server fails; closes a WebSocket with 1014 (502) or 1011. */
  | { readonly httpStatus: number }
  /** Drops the connection of sender or receiver just before the message is passed on or delivered. */
  | { readonly cut: 'sender' | 'receiver' }
  /** Stops the receiver's reading for this many milliseconds. */
  | { readonly stallMs: number }
  /** Delivers this message, and all later ones, to the receiver one byte at a time. */
  | { readonly splitWrites: true }
  /** Ends the sender's stream with `policy-violation` if the message has more bytes, as with ejabberd's `max_stanza_size`. */
  | { readonly maxStanzaBytes: number };

/**
 * The name of a {@link FaultAction}.
 * @public
 */
export type FaultKind = 'delayMs' | 'drop' | 'duplicate' | 'bounce' | 'status' | 'httpStatus' | 'cut' | 'stallMs' | 'splitWrites' | 'maxStanzaBytes';

/**
 * The messages that a fault affects.
 * @public
 */
export interface FaultScope extends RequestFilter {
  /** The client's request, the answer, or (`web`) a browser's request at a web gateway, whose socket `cut` breaks; `request` by default. */
  readonly on?: 'request' | 'answer' | 'web';
  /** The JID of sender or receiver; a bare JID matches all its resources. */
  readonly jid?: string;
  /** The number of matching messages to skip first; 0 by default. */
  readonly after?: number;
  /** The number of hits after which the fault is removed; unlimited by default. */
  readonly times?: number;
  /** The probability of each hit, from 0 to 1; 1 by default. */
  readonly probability?: number;
}

/**
 * A fault: exactly one action, and its scope.
 * @public
 */
export type FaultOptions = FaultScope & FaultAction;

/**
 * An active fault.
 * @public
 */
export interface Fault {
  /** The name of its action. */
  readonly kind: FaultKind;
  /** Its options. */
  readonly options: FaultOptions;
  /** The number of hits. */
  readonly hits: number;
  /** Removes the fault. Delayed messages are still delivered. */
  remove(): void;
}
