import { parseJson, toJson } from '../../../shared/osrf/json.ts';
import { type BrowserMessage, readBrowserMessages } from '../browser-message.ts';

/** OpenSRF's relay takes no longer thread or transaction id. */
const MAX_ID_BYTES = 64;

/** A thread that is only echoed to a browser that was refused may be this long. */
const MAX_ECHO = 1_024;

// A stanza has no room for these (XML 1.0 §2.2), and a line of a log none for a line feed.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNFIT = /[\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/u;

/** What a browser has sent in one frame. */
export interface BrowserFrame {
  /** `''`: none was named, as in the others. */
  readonly thread: string;
  readonly service: string;
  readonly transactionId: string;
  readonly messages: readonly BrowserMessage[];
  /** Why it is refused; `''`: it is not. */
  readonly refusal: string;
}

/** Reads a frame. One that is refused has as much of it as is fit to be sent back. */
export function readFrame(text: string): BrowserFrame {
  const json = parseJson(text);
  if (typeof json !== 'object' || json === null) return { thread: '', service: '', transactionId: '', messages: [], refusal: 'no JSON object' };
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
  if (messages === null) return 'osrf_msg is no array of messages of a client';
  if (!isId(thread)) return `the thread is no text of up to ${MAX_ID_BYTES} bytes without control characters`;
  return isId(transactionId) ? '' : `log_xid is no text of up to ${MAX_ID_BYTES} bytes without control characters`;
}

function isId(given: unknown): boolean {
  if (given === undefined) return true;
  return typeof given === 'string' && Buffer.byteLength(given) <= MAX_ID_BYTES && !UNFIT.test(given);
}

/** A frame for a browser. Its keys stand in this order and without blanks: `opensrf_ws_shared.js` finds the thread in the text. @param body Finished JSON. */
export function answerFrame(thread: string, transactionId: string, body: string): string {
  return `{"thread":${toJson(thread)},"log_xid":${toJson(transactionId)},"osrf_msg":${body}}`;
}

/** A frame that gives a browser its own messages back. */
export function transportErrorFrame(thread: string, transactionId: string, body: string): string {
  return `{"thread":${toJson(thread.slice(0, MAX_ECHO))},"log_xid":${toJson(transactionId.slice(0, MAX_ECHO))},"osrf_msg":${body},"transport_error":true}`;
}
