import { cutResult, MAX_CHUNK } from './chunks.ts';
import { toJson } from './json.ts';
import { type OutgoingMessage, resultMessage, statusMessage } from './write.ts';

/** How to group results into stanzas and cut large ones, in OpenSRF's words and defaults. */
export interface ReplyLimits {
  /** Gather results into one stanza until their JSON has this many characters; 0: one stanza each. */
  readonly maxBundleSize: number;
  /** …or until there are this many. */
  readonly maxBundleCount: number;
  /** Cut a result whose JSON, written as XML, is longer than this; 0: never. */
  readonly maxChunkSize: number;
}

/** OpenSRF's C library reads no more than 256 messages of a stanza, and the final STATUS is one of them. */
const DEFAULT_LIMITS: ReplyLimits = { maxBundleSize: 25_600, maxBundleCount: 255, maxChunkSize: MAX_CHUNK };

/** The answer to one request, as stanzas: small results together with the final STATUS, large ones in pieces. */
export class Reply {
  private readonly threadTrace: string;
  private readonly send: (messages: readonly OutgoingMessage[]) => void;
  private readonly limits: ReplyLimits;
  private bundle: OutgoingMessage[] = [];
  private bundleCharacters = 0;

  /** @param threadTrace The number of the request. @param send Sends messages in one stanza. */
  constructor(threadTrace: string, send: (messages: readonly OutgoingMessage[]) => void, limits: Partial<ReplyLimits> = {}) {
    this.threadTrace = threadTrace;
    this.send = send;
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Adds a result. */
  result(given: unknown): void {
    const json = toJson(given === undefined ? null : given);
    const pieces = cutResult(json, this.limits.maxChunkSize);
    if (pieces.length > 1) {
      this.pieces(pieces);
      return;
    }
    this.bundle.push(resultMessage(this.threadTrace, 'osrfResult', 'OK', 200, json));
    this.bundleCharacters += json.length;
    if (this.bundleCharacters >= this.limits.maxBundleSize || this.bundle.length >= this.limits.maxBundleCount) this.flush();
  }

  /** Completes the answer. */
  complete(): void {
    this.status(205, 'Request Complete', 'osrfConnectStatus');
  }

  /** Ends the answer with an error. The client expects no more. */
  fail(statusCode: number, status: string, payloadClass = 'osrfMethodException'): void {
    this.status(statusCode, status, payloadClass);
  }

  /** Sends a STATUS, after all gathered results. */
  status(statusCode: number, status: string, payloadClass: string): void {
    this.bundle.push(statusMessage(this.threadTrace, payloadClass, status, statusCode));
    this.flush();
  }

  /** Sends each piece in its own stanza, and the message that ends them. */
  private pieces(pieces: readonly string[]): void {
    this.flush();
    for (const piece of pieces) this.send([resultMessage(this.threadTrace, 'osrfResultPartial', 'Partial Response', 206, toJson(piece))]);
    this.send([resultMessage(this.threadTrace, 'osrfResultPartialComplete', 'Partial Response Finalized', 204, 'null')]);
  }

  /** Sends the gathered results. */
  flush(): void {
    if (this.bundle.length > 0) this.send(this.bundle);
    this.bundle = [];
    this.bundleCharacters = 0;
  }
}
