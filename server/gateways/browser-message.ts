import { classedJson, readClassed, toJson } from '../../shared/osrf/json.ts';

/** The `ingress` that each gateway writes into requests. */
export type GatewayIngress = 'ws-translator-v2' | 'gateway-v1' | 'translator-v1';

/** A message of a browser, with the members that a gateway passes on. */
export interface BrowserMessage {
  readonly type: 'CONNECT' | 'REQUEST' | 'DISCONNECT';
  /** The number of the request in its session, as text. */
  readonly threadTrace: string;
  /** `''` if the message names none, as in the next. */
  readonly locale: string;
  readonly timeZone: string;
  /** 0 if the message names none. */
  readonly apiLevel: number;
  /** `''` if there is none. */
  readonly method: string;
  /** Null if there are none. */
  readonly params: readonly unknown[] | null;
}

/** @returns null unless the value is an array of messages that a client may send. */
export function readBrowserMessages(value: unknown): BrowserMessage[] | null {
  if (!Array.isArray(value)) return null;
  const messages: BrowserMessage[] = [];
  for (const one of value) {
    const message = readBrowserMessage(one);
    if (message === null) return null;
    messages.push(message);
  }
  return messages;
}

function readBrowserMessage(value: unknown): BrowserMessage | null {
  const [name, data] = readClassed(value);
  const { type, threadTrace, locale, tz, api_level: apiLevel, payload } = data;
  if (name !== 'osrfMessage' || (type !== 'CONNECT' && type !== 'REQUEST' && type !== 'DISCONNECT')) return null;
  const { method, params } = type === 'REQUEST' ? readClassed(payload)[1] : {};
  return {
    type,
    threadTrace: textOf(threadTrace),
    locale: textOf(locale),
    timeZone: textOf(tz),
    apiLevel: Number.isSafeInteger(Number(apiLevel)) ? Number(apiLevel) : 0,
    method: textOf(method),
    params: paramsOf(params),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** OpenSRF's C library wraps a single value. */
function paramsOf(value: unknown): readonly unknown[] | null {
  if (value === undefined) return null;
  return Array.isArray(value) ? value : [value];
}

/** The body of a stanza. Keys in the order of OpenSRF's C library; other members are dropped. */
export function bodyOfBrowser(messages: readonly BrowserMessage[], ingress: GatewayIngress): string {
  if (messages.length === 1) return `[${messageJson(messages[0] as BrowserMessage, ingress)}]`;
  return `[${messages.map((message) => messageJson(message, ingress)).join(',')}]`;
}

function messageJson({ type, threadTrace, locale, timeZone, apiLevel, method, params }: BrowserMessage, ingress: GatewayIngress): string {
  let members = `"threadTrace":${toJson(threadTrace)}`;
  if (locale !== '') members += `,"locale":${toJson(locale)}`;
  if (timeZone !== '') members += `,"tz":${toJson(timeZone)}`;
  members += `,"ingress":"${ingress}"`;
  if (apiLevel !== 0) members += `,"api_level":${apiLevel}`;
  members += `,"type":"${type}"`;
  if (type === 'REQUEST')
    members += `,"payload":${classedJson('osrfMethod', `{"method":${toJson(method)}${params === null ? '' : `,"params":${toJson(params)}`}}`)}`;
  return classedJson('osrfMessage', `{${members}}`);
}
