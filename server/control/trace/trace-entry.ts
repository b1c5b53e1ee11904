import { detached } from '../../../shared/detach.ts';
import type { Exchange, ExchangeState } from '../../conversations/exchange.ts';
import { type LogProtect, REDACTED } from '../../logging/log-protect.ts';
import { type Outcome, reasonOf } from './outcome.ts';

/** One stanza of a request or its answer. */
export interface TraceStep {
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
  /**
   * The client `asked`; a listener was `handed` the request, or got it `again` after another one was lost; an `answer` or a `bounce` arrived;
   * after the end, a worker sent another result or status (`late`), or ended the session after waiting too long for the next request (`timeout`, status 408).
   */
  readonly kind: 'asked' | 'handed' | 'again' | 'answer' | 'bounce' | 'late' | 'timeout';
  readonly from: string;
  readonly to: string;
  /** Characters of the stanza. */
  readonly length: number;
}

/** The summary of a request. Times are milliseconds, with fractions. */
export interface TraceSummary {
  /** Counted from 1 in each process. */
  readonly id: number;
  readonly at: number;
  readonly type: 'REQUEST' | 'CONNECT';
  readonly service: string;
  /** `''` for a CONNECT. */
  readonly method: string;
  readonly state: ExchangeState;
  readonly outcome: Outcome;
  /** The reason why it has no good answer, as a sentence; `''` if it has one, or may still get it. */
  readonly reason: string;
  /** The name of an injected fault, or `''`. */
  readonly fault: string;
  /** The last status code, or 0. */
  readonly statusCode: number;
  readonly status: string;
  /** Null while it is open. */
  readonly durationMs: number | null;
  /** The time from the hand-over to a listener to the first sign of a worker: the wait for a worker, or its work on the first part. Null if a worker was addressed, or none answered. */
  readonly firstAnswerMs: number | null;
  readonly client: string;
  /** The addressee: a service's address at its router, or a worker. */
  readonly to: string;
  readonly listener: string;
  /** The JID that answered. */
  readonly worker: string;
  readonly xid: string;
  readonly thread: string;
  readonly threadTrace: string;
  /** Characters of all its stanzas. */
  readonly length: number;
}

/** The details of a request, redacted by `log_protect`. */
export interface TraceDetail {
  readonly locale: string;
  readonly ingress: string;
  /** The address of a browser behind a web gateway; `''`: another client. */
  readonly browser: string;
  readonly steps: readonly TraceStep[];
  /** The number of answer stanzas omitted from the steps. */
  readonly folded: number;
  /** As JSON text, because it may be truncated. */
  readonly params: TracePayload;
  readonly results: TracePayload;
}

/** JSON text, possibly truncated. */
export interface TracePayload {
  readonly json: string;
  /** The full length. */
  readonly length: number;
  readonly redacted: boolean;
}

/** A remembered request. */
export interface TraceEntry {
  readonly summary: TraceSummary;
  readonly detail: TraceDetail;
}

/** The most characters kept of parameters or results. */
const MAX_PAYLOAD_LENGTH = 128 * 1024;

/** The most characters kept of a name, an address or a status: a peer may send megabytes. */
const MAX_NAME_LENGTH = 512;

/** The part of a request that a summary needs. */
export interface Summarized {
  readonly id: number;
  readonly exchange: Exchange;
  readonly outcome: Outcome;
  readonly fault: string;
  readonly durationMs: number;
}

/** @param now Milliseconds since 1970. */
export function summaryOf({ id, exchange, outcome, fault, durationMs }: Summarized, now: number): TraceSummary {
  const { askedAt, type, state, statusCode, handedAt, firstAnswerAt, length } = exchange;
  return {
    id,
    at: askedAt,
    type,
    service: shortened(exchange.service),
    method: shortened(exchange.method),
    state,
    outcome,
    reason: shortened(reasonOf(exchange, outcome, fault, now)),
    fault,
    statusCode,
    status: shortened(exchange.status),
    durationMs: outcome === 'open' ? null : durationMs,
    firstAnswerMs: handedAt === 0 || firstAnswerAt === 0 ? null : firstAnswerAt - handedAt,
    client: shortened(exchange.client),
    to: shortened(exchange.to),
    listener: shortened(exchange.listener),
    worker: shortened(exchange.worker),
    xid: shortened(exchange.transactionId),
    thread: shortened(exchange.thread),
    threadTrace: shortened(exchange.threadTrace),
    length,
  };
}

/** A text of bounded length that keeps no longer text alive. */
export function shortened(text: string): string {
  return text.length <= MAX_NAME_LENGTH ? text : detached(`${text.slice(0, MAX_NAME_LENGTH)}…`);
}

/** The shown part of parameters and results. */
export interface Payloads {
  readonly params: TracePayload;
  readonly results: TracePayload;
}

/** @returns parameters and results, truncated and redacted. */
export function payloadsOf(exchange: Exchange, protect: LogProtect): Payloads {
  // The results of a protected method (a session key, say) are as secret as its parameters.
  if (protect.protects(exchange.method)) return { params: REDACTED_PAYLOAD, results: REDACTED_PAYLOAD };
  return { params: payload(exchange.paramsJson, exchange.paramsLeftOut), results: payload(exchange.resultsJson, exchange.resultsLeftOut) };
}

export function detailOf(exchange: Exchange, steps: readonly TraceStep[], folded: number, payloads: Payloads): TraceDetail {
  const { locale, ingress, browser } = exchange;
  return { locale: shortened(locale), ingress: shortened(ingress), browser: shortened(browser), steps, folded, ...payloads };
}

function payload(json: string, leftOut: number): TracePayload {
  const { length } = json;
  return { json: length <= MAX_PAYLOAD_LENGTH ? json : detached(json.slice(0, MAX_PAYLOAD_LENGTH)), length: length + leftOut, redacted: false };
}

const REDACTED_PAYLOAD: TracePayload = { json: `"${REDACTED}"`, length: REDACTED.length + 2, redacted: true };
