import { classedJson, toJson } from './json.ts';
import { DEFAULT_LOCALE, type OsrfMessage, type OsrfMessageType } from './message.ts';

/** The attributes of OpenSRF's messages besides their content. */
export interface Envelope {
  /** The language that the caller asks for. */
  readonly locale: string;
  /** The request's entry point into the system; `''`: omitted, as in the answers of OpenSRF's C library. */
  readonly ingress: string;
  /** 0: omitted. */
  readonly apiLevel: number;
}

/** The defaults of OpenSRF's libraries. */
export const DEFAULT_ENVELOPE: Envelope = Object.freeze({ locale: DEFAULT_LOCALE, ingress: 'opensrf', apiLevel: 1 });

/** The attributes of a request that its answer repeats. */
export type AnswerTo = Pick<OsrfMessage, 'threadTrace' | 'locale' | 'apiLevel'>;

/** For answers to a stanza without an OpenSRF message: the first request of a session. */
export const FIRST_REQUEST: AnswerTo = { threadTrace: '1', locale: DEFAULT_LOCALE, apiLevel: 1 };

/** The envelope of an answer: like OpenSRF's C library, it repeats the request's without the entry point. */
export function answerEnvelope({ locale, apiLevel }: Omit<AnswerTo, 'threadTrace'>): Envelope {
  return { locale, ingress: '', apiLevel };
}

/** A message to write; the counterpart of {@link OsrfMessage}. */
export interface OutgoingMessage {
  readonly type: OsrfMessageType;
  readonly threadTrace: string;
  /** Finished JSON of a classed object; `''`: none. */
  readonly payload: string;
}

/** A CONNECT or DISCONNECT. */
export function sessionMessage(type: 'CONNECT' | 'DISCONNECT', threadTrace: string): OutgoingMessage {
  return { type, threadTrace, payload: '' };
}

/** A REQUEST. */
export function requestMessage(threadTrace: string, method: string, params: readonly unknown[]): OutgoingMessage {
  return { type: 'REQUEST', threadTrace, payload: classedJson('osrfMethod', toJson({ method, params })) };
}

/** A STATUS, the answer to one message. */
export function statusMessage(threadTrace: string, payloadClass: string, status: string, statusCode: number): OutgoingMessage {
  return { type: 'STATUS', threadTrace, payload: classedJson(payloadClass, `{"status":${toJson(status)},"statusCode":"${statusCode}"}`) };
}

/** A RESULT or a part of one. @param status Null from a router. @param content Finished JSON. */
export function resultMessage(threadTrace: string, payloadClass: string, status: string | null, statusCode: number, content: string): OutgoingMessage {
  const data = `{"status":${toJson(status)},"statusCode":"${statusCode}","content":${content}}`;
  return { type: 'RESULT', threadTrace, payload: classedJson(payloadClass, data) };
}

/** The body of a stanza, its keys in the order in which OpenSRF's C library writes them. */
export function bodyOf(messages: readonly OutgoingMessage[], envelope: Envelope): string {
  return `[${messages.map((message) => messageJson(message, envelope)).join(',')}]`;
}

function messageJson({ type, threadTrace, payload }: OutgoingMessage, { locale, ingress, apiLevel }: Envelope): string {
  let members = `"threadTrace":${toJson(threadTrace)},"locale":${toJson(locale)}`;
  if (ingress !== '') members += `,"ingress":${toJson(ingress)}`;
  if (apiLevel !== 0) members += `,"api_level":${toJson(apiLevel)}`;
  members += `,"type":"${type}"`;
  if (payload !== '') members += `,"payload":${payload}`;
  return classedJson('osrfMessage', `{${members}}`);
}

/** The body of an answer that is one STATUS. */
export function statusBody(request: AnswerTo, payloadClass: string, status: string, statusCode: number): string {
  return bodyOf([statusMessage(request.threadTrace, payloadClass, status, statusCode)], answerEnvelope(request));
}

/** The text around the content of a RESULT as the C router writes it: `status` null and `statusCode` "0". */
export function aroundRouterResult(request: AnswerTo): [before: string, behind: string] {
  // No text of the request can equal it: JSON escapes quotes.
  const content = '"content"';
  const body = bodyOf([resultMessage(request.threadTrace, 'osrfResult', null, 0, `{${content}}`)], answerEnvelope(request));
  const [before = '', behind = ''] = body.split(`{${content}}`);
  return [before, behind];
}
