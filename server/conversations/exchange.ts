import { detached } from '../../shared/detach.ts';
import { heldBytes } from '../../shared/held-bytes.ts';
import { parseJson, plainText, writeJson } from '../../shared/osrf/json.ts';
import type { SkimmedMessage } from '../../shared/osrf/skimmed-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { DayTime } from './day-time.ts';

/**
 * The state of an exchange: `open`; `complete`; `refused` by a status of 300 or more; `bounced`;
 * `abandoned`, the client's session ended before the answer; `forgotten`, there was too much traffic to follow.
 */
export type ExchangeState = 'open' | 'complete' | 'refused' | 'bounced' | 'abandoned' | 'forgotten';

/** One REQUEST or CONNECT of a client and its answer, as observed in this server. Times are milliseconds since 1970, with fractions. */
export class Exchange {
  /** Counted from 1 by the tap. */
  readonly number: number;
  /** REQUEST or CONNECT. */
  readonly type: 'REQUEST' | 'CONNECT';
  /** OpenSRF's session id, references resolved. */
  readonly thread: string;
  /** The number of the request in its session. */
  readonly threadTrace: string;
  /** `osrf_xid`, or `''`. */
  readonly transactionId: string;
  /** The client's JID. */
  readonly client: string;
  /** The addressee: a service's address at its router, or the worker of a connected session. */
  readonly to: string;
  /** `router` for a query to the router itself; `''` for a worker in an unknown session. */
  readonly service: string;
  /** `''` for a CONNECT. */
  readonly method: string;
  /** The parameters. Like the results they are kept as text and parsed at each access: values take many times the bytes of their JSON. */
  declare readonly params: readonly unknown[];
  /** The same as JSON. */
  paramsJson: string;
  /** The approximate number of characters that are left out at the end of the parameters, and of the results. */
  paramsLeftOut: number;
  resultsLeftOut = 0;
  /** The language that the client prefers. */
  readonly locale: string;
  /** The entry point of the request into the system, or `''`. */
  readonly ingress: string;
  /** OpenSRF's API level, or 0. */
  readonly apiLevel: number;
  /** The time when the server read the client's stanza. */
  readonly askedAt: number;
  /** The offset from a monotonic reading to the time of this exchange, so that its durations are monotonic. */
  readonly epoch: number;
  /** The address of the browser behind a web gateway of this process; `''` for another client. */
  browser = '';
  /** The last listener that received it; `''` if it went to a worker directly, or nowhere yet. */
  listener = '';
  /** The time when a listener received it, or 0. */
  handedAt = 0;
  /** The number of listeners that received it. */
  handOvers = 0;
  /** The worker or the router that answered, or `''`. */
  worker = '';
  /** The time of the first part of the answer, or 0. */
  firstAnswerAt = 0;
  /** The contents of its results so far, with chunks joined. */
  declare readonly results: readonly unknown[];
  /** Its state. */
  state: ExchangeState = 'open';
  /** The last status code, or the code (XEP-0086) of a bounce; 0 if there is none. */
  statusCode = 0;
  /** The text of the last status, or of a bounce. */
  status = '';
  /** The stanza error condition of a bounce (RFC 6120 §8.3.3); `''` if it did not bounce. */
  condition = '';
  /** Whether the client has sent it again, to another worker. */
  resent = false;
  /** The time of its end; 0 while it is open. */
  endedAt = 0;
  /** Characters of all its stanzas. */
  length: number;
  /** The approximate memory kept for it; an observer adds anything that it keeps until the end. */
  bytes: number;
  private resultTexts: string[] = [];
  /** The chunks of a result that is not whole yet. */
  private pieces: string[] = [];
  private pieceBytes = 0;

  /** @param message The client's message in the stanza. */
  constructor(number: number, message: SkimmedMessage, stanza: Stanza, { thread, service }: Pick<Exchange, 'thread' | 'service'>, time: DayTime) {
    this.number = number;
    this.type = message.type === 'CONNECT' ? 'CONNECT' : 'REQUEST';
    this.thread = thread;
    this.threadTrace = detached(message.threadTrace);
    this.transactionId = detached(stanza.transactionId);
    this.client = stanza.from;
    this.to = detached(stanza.to);
    this.service = service;
    this.method = detached(message.method);
    this.paramsJson = detached(message.params) || '[]';
    this.paramsLeftOut = message.leftOut;
    this.locale = detached(message.locale);
    this.ingress = detached(message.ingress);
    this.apiLevel = message.apiLevel;
    this.epoch = time.epoch();
    this.askedAt = this.epoch + time.now();
    this.length = stanza.length;
    const { threadTrace: trace, transactionId, client, to, paramsJson, locale, ingress } = this;
    this.bytes = OVERHEAD_BYTES + heldBytes(thread, trace, transactionId, client, to, service, this.method, paramsJson, locale, ingress);
    Object.defineProperty(this, 'params', PARAMS);
    Object.defineProperty(this, 'results', RESULTS);
  }

  /** The contents of its results so far, as JSON. */
  get resultsJson(): string {
    return `[${this.resultTexts.join(',')}]`;
  }

  /** The time from the request to the end of the answer, or to the given time while it is open. */
  durationMs(now: number): number {
    return (this.state === 'open' ? now : this.endedAt) - this.askedAt;
  }

  /** Processes a RESULT or STATUS. @returns the new state. */
  take(message: SkimmedMessage): ExchangeState {
    if (message.type === 'RESULT') {
      this.takeResult(message);
      return 'open';
    }
    const { statusCode, status } = message;
    this.statusCode = statusCode;
    this.status = detached(status.slice(0, MAX_STATUS));
    if (statusCode === 205 || (statusCode === 200 && this.type === 'CONNECT')) return 'complete';
    return statusCode >= 300 ? 'refused' : 'open';
  }

  /** Lets go of parameters and results. */
  dropContents(): void {
    this.bytes -= heldBytes(this.paramsJson, ...this.resultTexts) + this.pieceBytes;
    this.paramsJson = '[]';
    this.resultTexts = [];
    this.pieces = [];
    this.pieceBytes = 0;
  }

  /** A long result comes in chunks (206), each a part of its JSON; 204 follows the last of them. */
  private takeResult({ payloadClass, statusCode, content, leftOut }: SkimmedMessage): void {
    this.resultsLeftOut += leftOut;
    if (payloadClass === 'osrfResultPartial' || statusCode === 206) this.addPiece(plainText(parseJson(content)));
    else if (payloadClass === 'osrfResultPartialComplete' || statusCode === 204) this.joinPieces();
    else this.addResult(content === '' ? 'null' : detached(content));
  }

  private addPiece(piece: string): void {
    const bytes = heldBytes(piece);
    this.pieces.push(piece);
    this.pieceBytes += bytes;
    this.bytes += bytes;
  }

  private joinPieces(): void {
    const text = this.pieces.join('');
    this.pieces = [];
    // The client fails on a text that is no JSON, so show that text.
    this.addResult(parseJson(text) === undefined ? (writeJson(text) ?? 'null') : text);
  }

  private addResult(json: string): void {
    this.resultTexts.push(json);
    this.bytes += heldBytes(json) - this.pieceBytes;
    this.pieceBytes = 0;
  }
}

/** The approximate memory of an exchange besides its texts: itself, its conversation, its entries in tables. */
const OVERHEAD_BYTES = 1_500;

/** The most characters kept of a status text. */
const MAX_STATUS = 4_096;

// Own properties, so that copies of an exchange have them; shared functions, so that V8 uses one shape for all.
const PARAMS: PropertyDescriptor & ThisType<Exchange> = {
  enumerable: true,
  get() {
    return parseJson(this.paramsJson) ?? [];
  },
};
const RESULTS: PropertyDescriptor & ThisType<Exchange> = {
  enumerable: true,
  get() {
    return parseJson(this.resultsJson) ?? [];
  },
};
