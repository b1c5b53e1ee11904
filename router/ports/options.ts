import type { BalanceName } from '../balance/balances.ts';

/** The policies for the unanswered requests of a lost listener. */
export const LISTENER_LOSS_POLICIES = ['error', 'reroute', 'ignore'] as const;
export type ListenerLossPolicy = (typeof LISTENER_LOSS_POLICIES)[number];

/** The answers to a request for a class without a listener. */
export const ABSENT_SERVICE_ANSWERS = ['status', 'bounce'] as const;
export type AbsentServiceAnswer = (typeof ABSENT_SERVICE_ANSWERS)[number];

/** The options of one router; each domain has one. */
export interface RouterOptions {
  /** Its domain. */
  readonly domain: string;
  /** The local part of its address. */
  readonly name: string;
  /** Domains whose sessions may register and query (`trusted_domains/server`). */
  readonly trustedServers: ReadonlySet<string>;
  /** Domains whose sessions may send requests (`trusted_domains/client`). */
  readonly trustedClients: ReadonlySet<string>;
  readonly balance: BalanceName;
  /** Whether to prefer listeners of this process to those of other members of a cluster. */
  readonly localFirst: boolean;
  readonly onListenerLoss: ListenerLossPolicy;
  /** The time in which workers of a lost listener may still answer. */
  readonly lossGraceMs: number;
  /** After this long without a sign of life, the requests of a listener count as lost; 0: never. */
  readonly stuckListenerMs: number;
  readonly absentService: AbsentServiceAnswer;
  /** The time that a request waits for a listener of an absent class; 0: none. */
  readonly holdMs: number;
  readonly limits: RouterLimits;
}

/** The limits of one router. */
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
  /** The longest that a listener on this machine may leave its requests unread. */
  readonly stalledAfterMs: number;
}

/** The limits of a stanza whose body the router reads: its length and its messages. */
export interface QueryLimits {
  readonly queryBytes: number;
  readonly queryMessages: number;
}

/** The limits of unanswered requests, of all routers together; the oldest is forgotten first. */
export interface UnansweredLimits {
  readonly requests: number;
  readonly bytes: number;
}
