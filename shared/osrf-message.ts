import { childText, parseElement } from './element.ts';
import { type ExtensionForm, extensionTag } from './extension.ts';
import { Stanza } from './stanza.ts';
import { escapeAttribute, escapeText, unescapeXml } from './xml.ts';

/** OpenSRF's message types. */
export type OsrfMessageType = 'CONNECT' | 'REQUEST' | 'RESULT' | 'STATUS' | 'DISCONNECT';

const TYPES: ReadonlySet<unknown> = new Set<OsrfMessageType>(['CONNECT', 'REQUEST', 'RESULT', 'STATUS', 'DISCONNECT']);

/** One `osrfMessage` of a body, as far as anyone here looks at it. */
export interface OsrfMessage {
  readonly type: OsrfMessageType;
  /** The number of the request in its session, as text. */
  readonly threadTrace: string;
  readonly locale: string;
  /** By which door the request came into the system; `''` where the message does not say. */
  readonly ingress: string;
  /** 0 where the message says none. */
  readonly apiLevel: number;
  /** The class of the payload (`osrfMethod`, `osrfResult`…), `''` where there is none. */
  readonly payloadClass: string;
  /** Its data: `{method, params}`, `{status, statusCode, content}`… */
  readonly payload: Readonly<Record<string, unknown>>;
}

const DEFAULT_LOCALE = 'en-US';

/** The messages of a body; null where the body is no array of `osrfMessage`, or holds a message without a known type. */
export function parseOsrfMessages(body: string): OsrfMessage[] | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  if (!Array.isArray(json) || json.length === 0) return null;
  const messages = json.map(parseOsrfMessage);
  return messages.every((message) => message !== null) ? messages : null;
}

/** So many references are resolved to look at a message in passing… */
const MAX_REFERENCES = 1_000_000;
/** …and so many arrays, objects, elements or members made. */
const MAX_PARTS = 200_000;

/**
 * The messages of a stanza, for who looks at it from the side: none where there are so many parts in it that to make them all would hold up those whom
 * the message concerns.
 */
export function glimpseOsrfMessages(stanza: Stanza): OsrfMessage[] {
  return isCostly(stanza.inner) ? [] : (parseOsrfMessages(bodyText(stanza)) ?? []);
}

function isCostly(inner: string): boolean {
  // Nearly every message: too short for as many of anything.
  if (inner.length <= MAX_PARTS) return false;
  for (const character of ['[', '{', '<', ',']) if (occursMoreThan(inner, character, MAX_PARTS)) return true;
  return occursMoreThan(inner, '&', MAX_REFERENCES);
}

function occursMoreThan(text: string, character: string, times: number): boolean {
  let found = 0;
  for (let place = text.indexOf(character); place !== -1; place = text.indexOf(character, place + 1)) if (++found > times) return true;
  return false;
}

function parseOsrfMessage(json: unknown): OsrfMessage | null {
  const [name, data] = classed(json);
  if (name !== 'osrfMessage' || !TYPES.has(data['type'])) return null;
  const [payloadClass, payload] = classed(data['payload']);
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

/** A classed object, `{"__c": name, "__p": data}`. */
function classed(json: unknown): [name: string, data: Record<string, unknown>] {
  if (typeof json !== 'object' || json === null) return ['', {}];
  const { __c: name, __p: data } = json as Record<string, unknown>;
  if (typeof name !== 'string' || typeof data !== 'object' || data === null) return ['', {}];
  return [name, data as Record<string, unknown>];
}

/** JSON as OpenSRF's own generators write it: nothing but ASCII. */
export function toJson(value: unknown): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII and DEL
  return JSON.stringify(value).replace(/[^\u0000-\u007e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An object's JSON from finished members; unlike a plain object it takes `__proto__` for a key and keeps `10` behind `9`. */
export function jsonObject(members: Iterable<readonly [key: string, json: string]>): string {
  return `{${Array.from(members, ([key, json]) => `${toJson(key)}:${json}`).join(',')}}`;
}

/** What an answer repeats of the request it answers. */
export type AnswerTo = Pick<OsrfMessage, 'threadTrace' | 'locale' | 'apiLevel'>;

/** For answers to what was no OpenSRF message: the first request of a session. */
export const FIRST_REQUEST: AnswerTo = { threadTrace: '1', locale: DEFAULT_LOCALE, apiLevel: 1 };

/** A body of one message, its keys in the order in which OpenSRF's C library writes them. */
function bodyOf(request: AnswerTo, type: OsrfMessageType, payload: string): string {
  const apiLevel = request.apiLevel === 0 ? '' : `"api_level":${request.apiLevel},`;
  const head = `"threadTrace":${toJson(request.threadTrace)},"locale":${toJson(request.locale)},${apiLevel}"type":"${type}"`;
  return `[{"__c":"osrfMessage","__p":{${head},"payload":${payload}}}]`;
}

/** The body of a STATUS message. */
export function statusBody(request: AnswerTo, payloadClass: string, status: string, statusCode: number): string {
  return bodyOf(request, 'STATUS', `{"__c":"${payloadClass}","__p":{"status":${toJson(status)},"statusCode":"${statusCode}"}}`);
}

/** The body of a RESULT message as the C router writes it: `status` null and `statusCode` "0". @param content Finished JSON. */
export function routerResultBody(request: AnswerTo, content: string): string {
  return bodyOf(request, 'RESULT', `{"__c":"osrfResult","__p":{"status":null,"statusCode":"0","content":${content}}}`);
}

// What OpenSRF's own libraries write. In a well-formed stanza nothing else can look like this, and the tree takes ten times as long.
const USUAL_CONTENT = /^(?:<opensrf [^<>]*\/>)?(?:<thread>[^<]*<\/thread>)?<body>([^<\r]*)<\/body>/;

/** The text of a stanza's `<body>`, references resolved; `''` where there is none. */
export function bodyText(stanza: Stanza): string {
  const usual = USUAL_CONTENT.exec(stanza.inner)?.[1];
  if (usual !== undefined) return unescapeXml(usual);
  return childText(parseElement(stanza.toXml()), 'body') ?? '';
}

/**
 * An OpenSRF message stanza.
 * @param thread XML text, as {@link Stanza.thread} has it; @param body plain text.
 */
export function osrfStanza(to: string, from: string, form: ExtensionForm, transactionId: string, thread: string, body: string): Stanza {
  const stanza = new Stanza('message', to, from, '', '');
  stanza.transactionId = transactionId;
  stanza.thread = thread;
  stanza.rest = `<thread>${thread}</thread><body>${escapeText(body)}</body></message>`;
  if (form === 'attributes') {
    stanza.legacyExtension = true;
    stanza.otherAttributes = ` router_from='' router_to='' router_class='' router_command='' osrf_xid='${escapeAttribute(transactionId)}'`;
    return stanza;
  }
  stanza.extensionStart = 0;
  stanza.head = extensionTag('', transactionId);
  return stanza;
}
