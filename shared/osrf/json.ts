// All JSON from peers is read and written here; test/rooms.test.ts enforces that.

/**
 * The deepest nesting. V8 parses any depth, but later work on the value (writing, comparing, sorting) needs an equally deep stack.
 * OpenSRF's Perl library stops at the same depth.
 */
export const MAX_JSON_DEPTH = 512;

/** A part of a peer's JSON as sent: so 12345678901234567890, 1.0 and the order of keys survive a gateway that only passes it on. */
export class JsonText {
  /** Valid JSON. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Parses a peer's JSON. @returns undefined if it is invalid, or nested deeper than {@link MAX_JSON_DEPTH}; {@link jsonProblem} has the reason. */
export function parseJson(text: string): unknown {
  return isTooDeep(text) ? undefined : parsed(text);
}

/**
 * Parses a peer's JSON for an observer, even if it is nested too deeply.
 * @param levels Then omits lists and objects below this level.
 */
export function peekJson(text: string, levels: number): unknown {
  return parsed(isTooDeep(text) ? cutBelow(text, levels) : text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The reason why {@link parseJson} returns undefined, as `no JSON (…)`. */
export function jsonProblem(text: string): string {
  if (isTooDeep(text)) return `nested deeper than ${MAX_JSON_DEPTH} levels`;
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return `no JSON (${(error as Error).message})`;
  }
}

/**
 * Writes a value that comes from a peer, or from a program given a peer's value.
 * @param replacer As in `JSON.stringify`. @param indent Blanks for each level.
 * @returns undefined if it is a function, contains itself, or exceeds the longest string.
 */
export function writeJson(value: unknown, replacer?: (key: string, value: unknown) => unknown, indent = 0): string | undefined {
  try {
    return JSON.stringify(value, replacer, indent);
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  if (!occursMoreThan(text, '[', MAX_JSON_DEPTH / 2) && !occursMoreThan(text, '{', MAX_JSON_DEPTH / 2)) return false;
  let depth = 0;
  for (let place = 0; place < text.length; place++) {
    switch (text.charCodeAt(place)) {
      case QUOTE:
        place = endOfString(text, place);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > MAX_JSON_DEPTH) return true;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
    }
  }
  return false;
}

/** Replaces omitted parts. */
const LEFT_OUT = '"**TOO DEEPLY NESTED TO BE KEPT**"';

function cutBelow(text: string, levels: number): string {
  let kept = '';
  let depth = 0;
  let start = 0;
  for (let place = 0; place < text.length; place++) {
    switch (text.charCodeAt(place)) {
      case QUOTE:
        place = endOfString(text, place);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (depth++ === levels) kept += text.slice(start, place) + LEFT_OUT;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        if (--depth === levels) start = place + 1;
    }
  }
  return kept + text.slice(start);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The closing quote of a string; the end of the text if there is none. */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) if (!isEscaped(text, end)) return end;
  return text.length;
}

function isEscaped(text: string, place: number): boolean {
  let before = place;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (place - before) % 2 === 1;
}

/** Whether a character occurs more often than that; stops searching as soon as it does. */
export function occursMoreThan(text: string, character: string, times: number): boolean {
  let found = 0;
  for (let place = text.indexOf(character); place !== -1; place = text.indexOf(character, place + 1)) if (++found > times) return true;
  return false;
}

/** The start of a text or number. */
const SCALAR = /^["\d-]/;

/** The text of a JSON string; undefined if it is invalid. @param token With its quotes. */
export function unquoted(token: string): string | undefined {
  return parsed(token) as string | undefined;
}

/** A text or number of a peer's message as text; otherwise `''`: converting any other value runs a peer's code, or overflows the stack by its nesting. */
export function plainText(value: unknown): string {
  if (value instanceof JsonText) return SCALAR.test(value.text) ? plainText(parsed(value.text)) : '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** JSON in ASCII only, as OpenSRF's own generators write it. */
export function toJson(value: unknown): string {
  return asciiJson(JSON.stringify(value));
}

/** The same for text that is JSON already, or a part of it. */
export function asciiJson(json: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII and DEL
  return json.replace(/[^\u0000-\u007e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An object's JSON from finished members; unlike a plain object it accepts the key `__proto__` and keeps `10` after `9`. */
export function jsonObject(members: Iterable<readonly [key: string, json: string]>): string {
  return `{${Array.from(members, ([key, json]) => `${toJson(key)}:${json}`).join(',')}}`;
}

/** A classed object in OpenSRF's form. @param json Its data, as finished JSON. */
export function classedJson(name: string, json: string): string {
  return `{"__c":${toJson(name)},"__p":${json}}`;
}

/** Reads a classed object; an empty name and no data for any other value. */
export function readClassed(value: unknown): [name: string, data: Record<string, unknown>] {
  if (typeof value !== 'object' || value === null) return ['', {}];
  const { __c: name, __p: data } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof data !== 'object' || data === null) return ['', {}];
  return [name, data as Record<string, unknown>];
}
