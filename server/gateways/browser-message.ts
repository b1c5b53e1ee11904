import { BodyPieces } from '../../shared/osrf/body-pieces.ts';
import { asciiJson, JsonText, plainText, readClassed, toJson, unquoted } from '../../shared/osrf/json.ts';
import type { JsonBounds } from '../../shared/osrf/json-reader.ts';
import { CONTENT_LEVEL } from '../../shared/osrf/message.ts';

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
  /** JSON of a string, as sent. */
  readonly method: string;
  /** JSON of a list, as sent; `''`: none. */
  readonly params: string;
}

/** Memory per byte of a browser's message while it is read: the bytes, their text, and the body of the stanza, where a letter may take six characters. */
export const READING_TIMES = 4;

/** The most messages of a browser at once, like OpenSRF's C library. */
export const MAX_BROWSER_MESSAGES = 256;

/** The name of a method. @param json From a {@link BrowserMessage}. */
export function methodName(json: string): string {
  return unquoted(json) ?? '';
}

/** The bounds for reading a browser's list of messages: method names and parameters stay as sent. @param levels Lists and objects around the list. */
export function boundsOfMessages(levels: number): JsonBounds {
  return { levels: levels + CONTENT_LEVEL, mostValues: MAX_VALUES };
}

/** Far more than 256 messages contain besides their parameters. */
const MAX_VALUES = 20_000;

/** The longest number of a request, locale or time zone. */
const MAX_WORD = 1_000;

/** The longest name of a method, in characters. */
export const MAX_METHOD = 1_048_576;

/** @param value Read with {@link boundsOfMessages}. @returns null unless it is a list of messages that a client may send. */
export function readBrowserMessages(value: unknown): BrowserMessage[] | null {
  if (!Array.isArray(value) || value.length > MAX_BROWSER_MESSAGES) return null;
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
  const message: BrowserMessage = {
    type,
    threadTrace: wordOf(threadTrace),
    locale: wordOf(locale),
    timeZone: wordOf(tz),
    apiLevel: levelOf(wordOf(apiLevel)),
    method: methodOf(method),
    params: paramsOf(params),
  };
  return message.method.length > MAX_METHOD ? null : message;
}

/** Also `''` for a type that no client sends. */
function wordOf(value: unknown): string {
  const text = value instanceof JsonText ? '' : plainText(value);
  return text.length > MAX_WORD ? '' : text;
}

function levelOf(text: string): number {
  return Number.isSafeInteger(Number(text)) ? Number(text) : 0;
}

function methodOf(value: unknown): string {
  if (value instanceof JsonText && value.text.startsWith('"')) return value.text;
  return toJson(plainText(value));
}

/** OpenSRF's C library wraps a single value. */
function paramsOf(value: unknown): string {
  if (!(value instanceof JsonText)) return '';
  return value.text.startsWith('[') ? value.text : `[${value.text}]`;
}

/** The characters written in one step: about 0.1 ms if they are not ASCII. */
const PIECE_LENGTH = 2_048;

/**
 * The body of a stanza, as XML text in pieces. Keys in the order of OpenSRF's C library; other members are dropped, and parameters are as
 * sent, except for characters outside ASCII.
 */
export function* bodyOfBrowser(messages: readonly BrowserMessage[], ingress: GatewayIngress): Generator<void, readonly string[], void> {
  const body = new BodyPieces();
  for (const piece of messagesJson(messages, ingress)) {
    body.add(piece);
    if (piece.length >= PIECE_LENGTH) yield;
  }
  return body.all();
}

/** The same as JSON, for the browser. */
export function* jsonOfBrowser(messages: readonly BrowserMessage[], ingress: GatewayIngress): Generator<void, string, void> {
  let json = '';
  for (const piece of messagesJson(messages, ingress)) {
    json += piece;
    if (piece.length >= PIECE_LENGTH) yield;
  }
  return json;
}

function* messagesJson(messages: readonly BrowserMessage[], ingress: GatewayIngress): Generator<string, void, void> {
  let before = '[';
  for (const message of messages) {
    const head = before + headOf(message, ingress);
    before = ',';
    if (message.type !== 'REQUEST') yield `${head}}}`;
    else if (message.method.length + message.params.length < PIECE_LENGTH) yield `${head}${shortPayload(message)}}}`;
    else {
      yield head;
      yield* longPayload(message);
      yield '}}';
    }
  }
  yield messages.length === 0 ? '[]' : ']';
}

function headOf({ type, threadTrace, locale, timeZone, apiLevel }: BrowserMessage, ingress: GatewayIngress): string {
  let members = `"threadTrace":${toJson(threadTrace)}`;
  if (locale !== '') members += `,"locale":${toJson(locale)}`;
  if (timeZone !== '') members += `,"tz":${toJson(timeZone)}`;
  members += `,"ingress":"${ingress}"`;
  if (apiLevel !== 0) members += `,"api_level":${apiLevel}`;
  return `{"__c":"osrfMessage","__p":{${members},"type":"${type}"`;
}

const PAYLOAD = ',"payload":{"__c":"osrfMethod","__p":{"method":';
const PARAMS = ',"params":';

function shortPayload({ method, params }: BrowserMessage): string {
  return `${PAYLOAD}${asciiJson(method)}${params === '' ? '' : PARAMS}${asciiJson(params)}}}`;
}

function* longPayload({ method, params }: BrowserMessage): Generator<string, void, void> {
  yield PAYLOAD;
  yield* inPieces(method);
  yield params === '' ? '' : PARAMS;
  yield* inPieces(params);
  yield '}}';
}

function* inPieces(json: string): Generator<string, void, void> {
  for (let start = 0; start < json.length; start += PIECE_LENGTH) yield asciiJson(json.slice(start, start + PIECE_LENGTH));
}
