import { toJson } from '../../../shared/osrf/json.ts';
import { readJson } from '../../../shared/osrf/json-reader.ts';
import { type BrowserMessage, boundsOfMessages, readBrowserMessages } from '../browser-message.ts';

/** OpenSRF's relay accepts no longer thread or transaction id. */
const MAX_ID_BYTES = 64;

/** The longest thread echoed to a refused browser. */
const MAX_ECHO = 1_024;

// XML forbids these characters in a stanza (XML 1.0 §2.2); a line feed would forge a log line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: to find them
const UNFIT = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/u;

/** One frame of a browser. */
export interface BrowserFrame {
  /** `''`: the frame names none, as in the others. */
  readonly thread: string;
  readonly service: string;
  readonly transactionId: string;
  readonly messages: readonly BrowserMessage[];
  /** The reason for refusing it; `''`: accepted. */
  readonly refusal: string;
}

/** The list of messages is in the object of a frame. */
const BOUNDS = boundsOfMessages(1);

/** Reads a frame, a long one in many steps. A refused frame keeps the parts that are fit to be sent back. */
export function* readFrame(text: string): Generator<void, BrowserFrame, void> {
  const { value: json, problem } = yield* readJson(text, BOUNDS);
  if (typeof json !== 'object' || json === null) return { thread: '', service: '', transactionId: '', messages: [], refusal: problem || 'no JSON object' };
  const { thread, service, log_xid: transactionId, osrf_msg: given } = json as Readonly<Record<string, unknown>>;
  const messages = readBrowserMessages(given);
  return {
    thread: typeof thread === 'string' ? thread : '',
    service: typeof service === 'string' ? service : '',
    transactionId: typeof transactionId === 'string' ? transactionId : '',
    messages: messages ?? [],
    refusal: refusalOf(thread, transactionId, messages),
  };
}

function refusalOf(thread: unknown, transactionId: unknown, messages: readonly BrowserMessage[] | null): string {
  if (messages === null || messages.length === 0) return 'osrf_msg is not an array of client messages';
  if (!isId(thread)) return `thread is not a text of up to ${MAX_ID_BYTES} bytes without control characters`;
  return isId(transactionId) ? '' : `log_xid is not a text of up to ${MAX_ID_BYTES} bytes without control characters`;
}

function isId(given: unknown): boolean {
  if (given === undefined) return true;
  return typeof given === 'string' && Buffer.byteLength(given) <= MAX_ID_BYTES && !UNFIT.test(given);
}

/** A frame for a browser. Keys in this order, without blanks: `opensrf_ws_shared.js` finds the thread in the text. @param body Finished JSON. */
export function answerFrame(thread: string, transactionId: string, body: string): string {
  return `{"thread":${toJson(thread)},"log_xid":${toJson(transactionId)},"osrf_msg":${body}}`;
}

/** A frame that returns a browser's own messages. */
export function transportErrorFrame(thread: string, transactionId: string, body: string): string {
  return `{"thread":${toJson(thread.slice(0, MAX_ECHO))},"log_xid":${toJson(transactionId.slice(0, MAX_ECHO))},"osrf_msg":${body},"transport_error":true}`;
}
