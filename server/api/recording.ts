import type { ExchangeState } from './requests.ts';

/**
 * The answer of a replayed service to a request that is not in its recording: that to another request of the method if there is one (`lenient`), or
 * status 404 (`strict`).
 * @public
 */
export type ReplayMode = 'lenient' | 'strict';

/**
 * A request to a replayed service that is not in its recording.
 * @public
 */
export interface NotRecorded {
  /** The name of the service. */
  readonly service: string;
  /** The name of the method. */
  readonly method: string;
  /** The parameters. */
  readonly params: readonly unknown[];
  /** The answer: that to `another` request of the method, or status `404`. */
  readonly answered: 'another' | '404';
  /** The differences from the nearest recorded request of the method, each as `params[1]: expected 3, got 2`. */
  readonly differences: readonly string[];
}

/**
 * One message of an answer, as received.
 * @beta
 */
export interface RecordedStanza {
  /** Further attributes of its start tag, each with a space before it. */
  readonly attributes?: string;
  /** Everything after the start tag, the end tag included. */
  readonly inner: string;
}

/**
 * One line of a recording, as JSON: a request and its answer.
 * @beta
 */
export interface RecordedExchange {
  /** The time of the request, in ISO 8601. */
  readonly time: string;
  /** The transaction id (`osrf_xid`). */
  readonly xid: string;
  /** The client's JID. */
  readonly from: string;
  /** The addressee's JID. */
  readonly to: string;
  /** The name of the service. */
  readonly service: string;
  /** REQUEST or CONNECT. */
  readonly type: 'REQUEST' | 'CONNECT';
  /** The name of the method; `''` for a CONNECT. */
  readonly method: string;
  /** The parameters; `**PARAMS REDACTED**` for a method of `logProtect`, which is replayed for any parameters. */
  readonly params: readonly unknown[] | '**PARAMS REDACTED**';
  /** The JID that answered, or `''`. */
  readonly worker: string;
  /** Milliseconds from the request to the end of the answer. */
  readonly ms: number;
  /** The final state. */
  readonly state: ExchangeState;
  /** The last status code. */
  readonly statusCode: number;
  /** Its text. */
  readonly status: string;
  /** The contents of the results. */
  readonly results: readonly unknown[];
  /** The messages of the answer; omitted if stub services would write the same, so that the results can be edited. */
  readonly stanzas?: readonly RecordedStanza[];
}
