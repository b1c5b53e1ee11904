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
 * What goes wrong: one of these. More may come.
 * @public
 */
export type FaultAction =
  /** The message is late by so many milliseconds, or by a random time between two; later messages overtake it. */
  | { readonly delayMs: number | readonly [from: number, to: number] }
  /** The message is lost. */
  | { readonly drop: true }
  /** The message is sent so many times more; true: once more. */
  | { readonly duplicate: number | true }
  /** The message bounces with this condition; true: `service-unavailable`. */
  | { readonly bounce: StanzaErrorCondition | true }
  /** The client gets this status in place of the answer. */
  | { readonly status: number; readonly text?: string }
  /** The connection of one of the two is dropped just before the message is sent on, or arrives. */
  | { readonly cut: 'sender' | 'receiver' }
  /** The receiver does not read for so many milliseconds. */
  | { readonly stallMs: number }
  /** The receiver gets this message, and everything after it, one byte at a time. */
  | { readonly splitWrites: true }
  /** If the message has more bytes, its sender's stream ends with `policy-violation`, as with ejabberd's `max_stanza_size`. */
  | { readonly maxStanzaBytes: number };

/**
 * The name of a {@link FaultAction}.
 * @public
 */
export type FaultKind = 'delayMs' | 'drop' | 'duplicate' | 'bounce' | 'status' | 'cut' | 'stallMs' | 'splitWrites' | 'maxStanzaBytes';

/**
 * The messages that a fault is for.
 * @public
 */
export interface FaultScope extends RequestFilter {
  /** The client's request, or the answer; `request` by default. */
  readonly on?: 'request' | 'answer';
  /** The JID of one of the two; a bare one stands for all its resources. */
  readonly jid?: string;
  /** How many such messages are spared first; 0 by default. */
  readonly after?: number;
  /** After so many messages the fault is over; by default it lasts until it is removed. */
  readonly times?: number;
  /** From 0 to 1, for each message; 1 by default. */
  readonly probability?: number;
}

/**
 * A fault: exactly one action, and the messages that it is for.
 * @public
 */
export type FaultOptions = FaultScope & FaultAction;

/**
 * A fault that is in place.
 * @public
 */
export interface Fault {
  /** What goes wrong. */
  readonly kind: FaultKind;
  /** The options that it was made from. */
  readonly options: FaultOptions;
  /** How many messages it has hit. */
  readonly hits: number;
  /** Ends it. Messages that it delays are still sent. */
  remove(): void;
}
