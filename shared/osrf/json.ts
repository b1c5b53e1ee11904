// Every JSON text and value that may be a peer's is read and written here: test/rooms.test.ts holds that.

/**
 * No value is nested deeper than this. V8 parses any depth, but whatever works on the value afterwards (writing, comparing, sorting) needs a stack as deep.
 * OpenSRF's Perl library stops at the same depth.
 */
export const MAX_JSON_DEPTH = 512;

/** Parses a peer's JSON. @returns undefined where the text is no JSON, or is nested deeper than {@link MAX_JSON_DEPTH}; {@link jsonProblem} says which. */
export function parseJson(text: string): unknown {
  return isTooDeep(text) ? undefined : parsed(text);
}

/**
 * Parses a peer's JSON for an observer, which wants to see also what is nested too deeply.
 * @param levels Of such a text, lists and objects below so many levels are left out.
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

/** Why {@link parseJson} returns undefined for a text, as `no JSON (…)`. */
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
 * Writes a value that may be a peer's, or that a program has made of one.
 * @param replacer As of `JSON.stringify`. @param indent Blanks for each level.
 * @returns undefined where it cannot be written: it is a function, holds itself, or its JSON is longer than a string may be.
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

/** Stands in place of what was left out. */
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

/** Where the quote stands that ends a string; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) if (!isEscaped(text, end)) return end;
  return text.length;
}

function isEscaped(text: string, place: number): boolean {
  let before = place;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (place - before) % 2 === 1;
}

/** Whether a character stands in a text more often than that; takes no longer than to find so many. */
export function occursMoreThan(text: string, character: string, times: number): boolean {
  let found = 0;
  for (let place = text.indexOf(character); place !== -1; place = text.indexOf(character, place + 1)) if (++found > times) return true;
  return false;
}

/** A text or number of a peer's message as text; `''` where it is neither: to make text of anything else runs what the peer has sent, or as deep as it is nested. */
export function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
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

/** A classed object, as OpenSRF writes one. @param json Its data, as finished JSON. */
export function classedJson(name: string, json: string): string {
  return `{"__c":${toJson(name)},"__p":${json}}`;
}

/** Reads a classed object; an empty name and no data where the value is none. */
export function readClassed(value: unknown): [name: string, data: Record<string, unknown>] {
  if (typeof value !== 'object' || value === null) return ['', {}];
  const { __c: name, __p: data } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof data !== 'object' || data === null) return ['', {}];
  return [name, data as Record<string, unknown>];
}
