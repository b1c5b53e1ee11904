import type { BalanceName } from '../balance/balances.ts';

/** What becomes of requests that were written to a listener whose session ended before anybody answered. */
export const LISTENER_LOSS_POLICIES = ['error', 'reroute', 'ignore'] as const;
export type ListenerLossPolicy = (typeof LISTENER_LOSS_POLICIES)[number];

/** How a request for a class without a listener is answered. */
export const ABSENT_SERVICE_ANSWERS = ['status', 'bounce'] as const;
export type AbsentServiceAnswer = (typeof ABSENT_SERVICE_ANSWERS)[number];

/** One router. Two domains mean two of them. */
export interface RouterOptions {
  /** The host it serves. */
  readonly domain: string;
  /** The local part of its address. */
  readonly name: string;
  /** Domains whose sessions may register and ask (`trusted_domains/server`). */
  readonly trustedServers: ReadonlySet<string>;
  /** Domains whose sessions may send requests (`trusted_domains/client`). */
  readonly trustedClients: ReadonlySet<string>;
  readonly balance: BalanceName;
  readonly onListenerLoss: ListenerLossPolicy;
  /** How long a worker may still answer for its lost listener. */
  readonly lossGraceMs: number;
  /** After so long without a sign of life, the requests of a listener count as lost; 0: never. */
  readonly stuckListenerMs: number;
  readonly absentService: AbsentServiceAnswer;
  /** How long a request waits for a listener of an absent class; 0: not at all. */
  readonly holdMs: number;
  readonly limits: RouterLimits;
}

/** Bounds on what one router keeps and reads. */
export interface RouterLimits extends QueryLimits {
  /** Requests held for classes without a listener, of all classes together. */
  readonly heldRequests: number;
  readonly heldBytes: number;
  /** Listeners of all classes together. */
  readonly registrations: number;
  /** Bytes of all answers to one query. */
  readonly stanzaCopyBytes: number;
  /** Listeners of one session. */
  readonly sessionRegistrations: number;
  /** So long a listener on this machine may leave what it was sent unread. */
  readonly stalledAfterMs: number;
}

/** How long a stanza may be of which the router reads the body, and how many messages may be in it. */
export interface QueryLimits {
  readonly queryBytes: number;
  readonly queryMessages: number;
}

/** Bounds on the requests remembered until they are answered, of all routers together; the oldest is forgotten first. */
export interface UnansweredLimits {
  readonly requests: number;
  readonly bytes: number;
}
