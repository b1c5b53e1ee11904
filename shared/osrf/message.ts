import { parseJson, peekJson, plainText, readClassed } from './json.ts';
import { readJson } from './json-reader.ts';

/** OpenSRF's message types. */
export type OsrfMessageType = 'CONNECT' | 'REQUEST' | 'RESULT' | 'STATUS' | 'DISCONNECT';

const TYPES: ReadonlySet<unknown> = new Set<OsrfMessageType>(['CONNECT', 'REQUEST', 'RESULT', 'STATUS', 'DISCONNECT']);

/** One `osrfMessage` of a body, with the members this server reads. */
export interface OsrfMessage {
  readonly type: OsrfMessageType;
  /** The number of the request in its session, as text. */
  readonly threadTrace: string;
  readonly locale: string;
  /** The request's entry point into the system; `''`: absent. */
  readonly ingress: string;
  /** 0: absent. */
  readonly apiLevel: number;
  /** The class of the payload (`osrfMethod`, `osrfResult`…); `''`: none. */
  readonly payloadClass: string;
  /** Its data: `{method, params}`, `{status, statusCode, content}`… */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The default locale of OpenSRF's libraries. */
export const DEFAULT_LOCALE = 'en-US';

/** The messages of a body; null if it is not an array of `osrfMessage`, has a message of unknown type, or is nested too deeply. */
export function parseOsrfMessages(body: string): OsrfMessage[] | null {
  return messagesOf(parseJson(body));
}

/** The depth of parameters and results' contents in a body. */
export const CONTENT_LEVEL = 5;

/** {@link parseOsrfMessages} as a long job; the members of payloads stay as sent ({@link JsonText}). */
export function* readOsrfMessages(body: string): Generator<void, OsrfMessage[] | null, void> {
  const { value } = yield* readJson(body, { levels: CONTENT_LEVEL, mostValues: Number.POSITIVE_INFINITY });
  return messagesOf(value);
}

/** The most messages of one stanza that an observer reads, like OpenSRF's C library. */
export const MAX_MESSAGES = 256;

/** The depth of a parameter or result below which an observer omits values. */
const LEVELS = CONTENT_LEVEL + 1;

/** The same for an observer: the first {@link MAX_MESSAGES}, even of a body nested too deeply, then without parameters and results. */
export function peekMessages(body: string): OsrfMessage[] | null {
  const json = peekJson(body, LEVELS);
  return messagesOf(Array.isArray(json) ? json.slice(0, MAX_MESSAGES) : json);
}

function messagesOf(json: unknown): OsrfMessage[] | null {
  if (!Array.isArray(json) || json.length === 0) return null;
  const messages = json.map(parseOsrfMessage);
  return messages.every((message) => message !== null) ? messages : null;
}

function parseOsrfMessage(json: unknown): OsrfMessage | null {
  const [name, data] = readClassed(json);
  if (name !== 'osrfMessage' || !TYPES.has(data['type'])) return null;
  const [payloadClass, payload] = readClassed(data['payload']);
  const { threadTrace, locale, ingress, api_level: apiLevel } = data;
  return {
    type: data['type'] as OsrfMessageType,
    threadTrace: typeof threadTrace === 'string' || typeof threadTrace === 'number' ? String(threadTrace) : '0',
    locale: typeof locale === 'string' && locale !== '' ? locale : DEFAULT_LOCALE,
    ingress: typeof ingress === 'string' ? ingress : '',
    apiLevel: typeof apiLevel === 'number' && Number.isInteger(apiLevel) ? apiLevel : 0,
    payloadClass,
    payload,
  };
}

/** The status code of a RESULT or STATUS, 0 if absent; C writes a string, Perl a number. */
export function statusCodeOf({ payload }: OsrfMessage): number {
  return Number(plainText(payload['statusCode'])) || 0;
}

/** The status text; `''`: none. */
export function statusTextOf({ payload }: OsrfMessage): string {
  return plainText(payload['status']);
}
