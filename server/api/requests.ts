import * as matching from '../fixture/requests/matching.ts';

/**
 * The state of an exchange: `open`, no complete answer yet; `complete`; `refused`, answered with a status of 300 or more; `bounced`;
 * `abandoned`, the client's session ended before the answer; `forgotten`, there was too much traffic to follow. New versions may add states.
 * @public
 */
export type ExchangeState = 'open' | 'complete' | 'refused' | 'bounced' | 'abandoned' | 'forgotten';

/**
 * One REQUEST or CONNECT of a client and its answer, as observed in the server. It changes while the answer arrives. Times are milliseconds
 * since 1970, with fractions; their differences come from a monotonic clock.
 * @public
 */
export interface Exchange {
  /** Counted from 1, in the order of the requests. */
  readonly number: number;
  /** REQUEST or CONNECT. */
  readonly type: 'REQUEST' | 'CONNECT';
  /** OpenSRF's session id. */
  readonly thread: string;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** The transaction id (`osrf_xid`); `''` if the client sent none. */
  readonly transactionId: string;
  /** The client's JID. */
  readonly client: string;
  /** The addressee's JID: a service's at the router, or a worker's. */
  readonly to: string;
  /** The name of the service; `router` for a query to the router itself, `''` for a worker in an unknown session. */
  readonly service: string;
  /** The name of the method; `''` for a CONNECT. */
  readonly method: string;
  /** The parameters. */
  readonly params: readonly unknown[];
  /** The language that the client prefers. */
  readonly locale: string;
  /** The entry point of the request into the system; `''` if the client sent none. */
  readonly ingress: string;
  /** OpenSRF's API level; 0 if the client sent none. */
  readonly apiLevel: number;
  /** The time when the server read it. */
  readonly askedAt: number;
  /** The JID of the last listener that received it; `''` if it went to a worker directly, or nowhere yet. */
  readonly listener: string;
  /** The time when a listener received it, or 0. */
  readonly handedAt: number;
  /** The number of listeners that received it. */
  readonly handOvers: number;
  /** The JID of the worker or the router that answered, or `''`. */
  readonly worker: string;
  /** The time of the first part of the answer, or 0. */
  readonly firstAnswerAt: number;
  /** The contents of the results so far, with chunks joined. */
  readonly results: readonly unknown[];
  /** Its state. */
  readonly state: ExchangeState;
  /** The last status code, or the code (XEP-0086) of a bounce; 0 if there is none. */
  readonly statusCode: number;
  /** The text of the last status. */
  readonly status: string;
  /** The time of its end; 0 while it is open. */
  readonly endedAt: number;
}

/**
 * Matches a deeply equal value; a regular expression matches strings; a function matches the values for which it returns true
 * ({@link anything} and {@link containing} make such functions).
 * @public
 */
export type Matcher = unknown;

/**
 * Selects the exchanges that meet all given conditions.
 * @public
 */
export interface RequestFilter {
  /** The name of the service, or a regular expression; `router` is the router itself. */
  readonly service?: string | RegExp;
  /** The name of the method, or a regular expression. */
  readonly method?: string | RegExp;
  /** One matcher for each parameter. */
  readonly params?: readonly Matcher[];
  /** The client's JID; a bare JID matches all its resources. */
  readonly client?: string;
  /** The JID of the listener or the worker; a bare JID matches all its resources. */
  readonly worker?: string;
  /** The transaction id (`osrf_xid`). */
  readonly transactionId?: string;
  /** `REQUEST` by default. */
  readonly type?: 'REQUEST' | 'CONNECT' | 'any';
}

/**
 * An expected number: exact, or a range.
 * @public
 */
export type Times = number | { readonly min?: number; readonly max?: number };

/**
 * A matcher for any value, including undefined.
 * @public
 */
export const anything: () => (value: unknown) => boolean = matching.anything;

/**
 * A matcher for an object that has these members, or a list that begins with these. Members may be matchers.
 * @public
 */
export const containing: (expected: object) => (value: unknown) => boolean = matching.containing;
