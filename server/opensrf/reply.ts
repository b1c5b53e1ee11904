import { toJson } from '../../shared/osrf-message.ts';
import { cutResult } from './chunks.ts';
import { type OutgoingMessage, resultMessage, statusMessage } from './message.ts';

/** Results are gathered into one stanza until their JSON is so long… */
const BUNDLE_CHARACTERS = 25_600;
/** …or there are so many: OpenSRF's C library reads no more than 256 messages of a stanza, and the final STATUS is one of them. */
const BUNDLE_MESSAGES = 255;

/** The answer to one request, as stanzas: small results together with the final STATUS, large ones in pieces. */
export class Reply {
  private readonly threadTrace: string;
  private readonly send: (messages: readonly OutgoingMessage[]) => void;
  private bundle: OutgoingMessage[] = [];
  private bundleCharacters = 0;

  /** @param threadTrace The number of the request. @param send Sends messages in one stanza. */
  constructor(threadTrace: string, send: (messages: readonly OutgoingMessage[]) => void) {
    this.threadTrace = threadTrace;
    this.send = send;
  }

  /** One result. */
  result(content: unknown): void {
    const json = toJson(content);
    const pieces = cutResult(json);
    if (pieces.length > 1) {
      this.pieces(pieces);
      return;
    }
    this.bundle.push(resultMessage(this.threadTrace, 'osrfResult', 'OK', 200, content));
    this.bundleCharacters += json.length;
    if (this.bundleCharacters >= BUNDLE_CHARACTERS || this.bundle.length >= BUNDLE_MESSAGES) this.flush();
  }

  /** All results were given. */
  complete(): void {
    this.end('osrfConnectStatus', 'Request Complete', 205);
  }

  /** Something went wrong. The client expects no more. */
  fail(statusCode: number, status: string): void {
    this.end('osrfMethodException', status, statusCode);
  }

  private end(payloadClass: string, status: string, statusCode: number): void {
    this.bundle.push(statusMessage(this.threadTrace, payloadClass, status, statusCode));
    this.flush();
  }

  /** Each in a stanza of its own, and the word that there are no more. */
  private pieces(pieces: readonly string[]): void {
    this.flush();
    for (const piece of pieces) this.send([resultMessage(this.threadTrace, 'osrfResultPartial', 'Partial Response', 206, piece)]);
    this.send([resultMessage(this.threadTrace, 'osrfResultPartialComplete', 'Partial Response Finalized', 204, null)]);
  }

  private flush(): void {
    if (this.bundle.length > 0) this.send(this.bundle);
    this.bundle = [];
    this.bundleCharacters = 0;
  }
}
