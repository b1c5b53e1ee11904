import * as matching from '../fixture/requests/matching.ts';

/**
 * How an exchange stands: `open`, no complete answer yet; `complete`; `refused`, answered with a status of 300 or more; `bounced`, it came back
 * undelivered; `abandoned`, the client's session ended before the answer; `forgotten`, there were too many to follow. More states may come.
 * @public
 */
export type ExchangeState = 'open' | 'complete' | 'refused' | 'bounced' | 'abandoned' | 'forgotten';

/**
 * One REQUEST or CONNECT of a client and its answer, as they passed through the server. It changes while the answer comes. Times are milliseconds
 * since 1970, with fractions, and differ by what a monotonic clock measured.
 * @public
 */
export interface Exchange {
  /** Counted from 1, in the order of the requests. */
  readonly number: number;
  /** What the client sent. */
  readonly type: 'REQUEST' | 'CONNECT';
  /** OpenSRF's session id. */
  readonly thread: string;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** The transaction id (`osrf_xid`); `''` if the client sent none. */
  readonly transactionId: string;
  /** The client's JID. */
  readonly client: string;
  /** The JID that it was addressed to: a service's at the router, or a worker's. */
  readonly to: string;
  /** The name of the service; `router` for a question to the router itself, `''` if it went to a worker in a session that the server does not know. */
  readonly service: string;
  /** The name of the method; `''` for a CONNECT. */
  readonly method: string;
  /** The parameters. */
  readonly params: readonly unknown[];
  /** The language that the client wants texts in. */
  readonly locale: string;
  /** The entry point of the request into the system; `''` if the client sent none. */
  readonly ingress: string;
  /** OpenSRF's API level; 0 if the client sent none. */
  readonly apiLevel: number;
  /** When the server read it. */
  readonly askedAt: number;
  /** The JID of the listener that it was handed to last; `''` if it went to a worker, or nowhere yet. */
  readonly listener: string;
  /** When it was handed to a listener; 0 if it was not. */
  readonly handedAt: number;
  /** How often it was handed to a listener. */
  readonly handOvers: number;
  /** The JID that answered, of a worker or the router; `''` if none did. */
  readonly worker: string;
  /** When the first part of the answer passed; 0 if none did. */
  readonly firstAnswerAt: number;
  /** The contents of the results until now. Large results are put together again. */
  readonly results: readonly unknown[];
  /** How it stands. */
  readonly state: ExchangeState;
  /** The last status code, or the legacy code (XEP-0086) of a bounce; 0 if there is none. */
  readonly statusCode: number;
  /** The text of the last status. */
  readonly status: string;
  /** When it ended; 0 while it is open. */
  readonly endedAt: number;
}

/**
 * What a value must be: equal to this one, deeply; a text that a regular expression matches; or one for which a function returns true, as those of
 * {@link anything} and {@link containing}.
 * @public
 */
export type Matcher = unknown;

/**
 * Selects exchanges: those for which everything given is true.
 * @public
 */
export interface RequestFilter {
  /** The name of the service, or a regular expression; `router` is the router itself. */
  readonly service?: string | RegExp;
  /** The name of the method, or a regular expression. */
  readonly method?: string | RegExp;
  /** One matcher for each parameter. */
  readonly params?: readonly Matcher[];
  /** The client's JID; a bare one stands for all its resources. */
  readonly client?: string;
  /** The JID of the listener or the worker; a bare one stands for all its resources. */
  readonly worker?: string;
  /** The transaction id (`osrf_xid`). */
  readonly transactionId?: string;
  /** `REQUEST` by default. */
  readonly type?: 'REQUEST' | 'CONNECT' | 'any';
}

/**
 * How often: exactly so often, or between two numbers.
 * @public
 */
export type Times = number | { readonly min?: number; readonly max?: number };

/**
 * A matcher for any value, undefined too.
 * @public
 */
export const anything: () => (value: unknown) => boolean = matching.anything;

/**
 * A matcher for an object that has these members, or a list that begins with these. Members may be matchers.
 * @public
 */
export const containing: (expected: object) => (value: unknown) => boolean = matching.containing;
