import { parseJson, peekJson, plainText, readClassed } from './json.ts';

/** OpenSRF's message types. */
export type OsrfMessageType = 'CONNECT' | 'REQUEST' | 'RESULT' | 'STATUS' | 'DISCONNECT';

const TYPES: ReadonlySet<unknown> = new Set<OsrfMessageType>(['CONNECT', 'REQUEST', 'RESULT', 'STATUS', 'DISCONNECT']);

/** One `osrfMessage` of a body, with the members this server reads. */
export interface OsrfMessage {
  readonly type: OsrfMessageType;
  /** The number of the request in its session, as text. */
  readonly threadTrace: string;
  readonly locale: string;
  /** The entry point of the request into the system; `''` where the message names none. */
  readonly ingress: string;
  /** 0 where the message names none. */
  readonly apiLevel: number;
  /** The class of the payload (`osrfMethod`, `osrfResult`…), `''` where there is none. */
  readonly payloadClass: string;
  /** Its data: `{method, params}`, `{status, statusCode, content}`… */
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What OpenSRF's libraries assume where a message names no locale. */
export const DEFAULT_LOCALE = 'en-US';

/** The messages of a body; null where the body is no array of `osrfMessage`, holds a message without a known type, or is nested too deeply. */
export function parseOsrfMessages(body: string): OsrfMessage[] | null {
  return messagesOf(parseJson(body));
}

/** An observer sees no more messages of one stanza: OpenSRF's C library reads as many. */
export const MAX_MESSAGES = 256;

/** Parameters and contents of results stand so many levels deep. */
const LEVELS = 6;

/** The same for an observer: the first {@link MAX_MESSAGES}, also of a body that is nested too deeply, where parameters and results are left out. */
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

/** The status code of a RESULT or STATUS, 0 where it has none; C writes a string, Perl a number. */
export function statusCodeOf({ payload }: OsrfMessage): number {
  return Number(plainText(payload['statusCode'])) || 0;
}

/** The text that goes with it; `''` where there is none. */
export function statusTextOf({ payload }: OsrfMessage): string {
  return plainText(payload['status']);
}
