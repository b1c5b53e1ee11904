import { JsonText, MAX_JSON_DEPTH, unquoted } from './json.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  isNumberStart,
  isOpening,
  JsonScanner,
  LITERALS,
  LONG_STRING,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  tooDeep,
  Unreadable,
} from './json-scanner.ts';

/** The result of {@link readJson}. */
export interface JsonReading {
  /** Undefined if there is a problem. */
  readonly value: unknown;
  /** The reason for refusing the text, as `no JSON (…)`; `''`: none. */
  readonly problem: string;
}

/** The bounds of reading and keeping a text. */
export interface JsonBounds {
  /** Values inside this many lists and objects stay as {@link JsonText}, as sent. */
  readonly levels: number;
  /** The most values above those levels. */
  readonly mostValues: number;
}

/** An object; unlike a literal's it accepts the key `__proto__`. Objects of a class are smaller and faster than those of `Object.create(null)`. */
class Members {
  [key: string]: unknown;
}
Object.setPrototypeOf(Members.prototype, null);

/** Reads a peer's JSON (RFC 8259) as a long job: it yields after each step. Objects have no prototype, and the last of equal keys counts. */
export function* readJson(text: string, { levels, mostValues }: JsonBounds): Generator<void, JsonReading, void> {
  const reader = new JsonReader(text, levels, mostValues);
  try {
    return { value: yield* reader.document(), problem: '' };
  } catch (error) {
    if (error instanceof Unreadable) return { value: undefined, problem: error.problem };
    throw error;
  }
}

class JsonReader extends JsonScanner {
  private readonly levels: number;
  private valuesLeft: number;
  /** The start of the value being skipped, and the closing brackets that it still needs. */
  private skipping = 0;
  private readonly open: number[] = [];

  constructor(text: string, levels: number, mostValues: number) {
    super(text);
    this.levels = levels;
    this.valuesLeft = mostValues;
  }

  /** The whole text. */
  *document(): Generator<void, unknown, void> {
    const first = this.next();
    const short = this.shortValue(first, 0);
    const value = short === undefined ? yield* this.longValue(first, 0) : short;
    this.next();
    if (this.place < this.text.length) this.fail();
    return value;
  }

  /**
   * The fast path for most values: a generator costs more than the reading. @param first Its first character. @param depth The number of lists and objects around it.
   * @returns undefined: {@link longValue} must read it, or continue.
   */
  private shortValue(first: number, depth: number): unknown {
    if (depth === this.levels) return this.skipTo(this.place, depth);
    if (--this.valuesLeft < 0) throw new Unreadable('too many parts');
    if (isOpening(first)) return undefined;
    if (first !== QUOTE) return this.plainValue(first);
    const start = this.place;
    return this.passShortString() ? this.unquote(start) : undefined;
  }

  private longValue(first: number, depth: number): Generator<void, unknown, void> {
    if (depth === this.levels) return this.textOf(depth);
    if (depth >= MAX_JSON_DEPTH && isOpening(first)) throw tooDeep();
    if (first === OPEN_LIST) return this.list(depth + 1);
    if (first === OPEN_OBJECT) return this.members(depth + 1);
    return this.longString();
  }

  private *list(depth: number): Generator<void, unknown[], void> {
    const list: unknown[] = [];
    if (this.isEmpty(CLOSE_LIST)) return list;
    do {
      const first = this.next();
      const short = this.shortValue(first, depth);
      list.push(short === undefined ? yield* this.longValue(first, depth) : short);
      if (this.isLong()) yield;
    } while (this.goesOn(CLOSE_LIST));
    return list;
  }

  private *members(depth: number): Generator<void, Members, void> {
    const members = new Members();
    if (this.isEmpty(CLOSE_OBJECT)) return members;
    do {
      const key = this.unquote(this.passKey());
      this.passColon();
      const first = this.next();
      const short = this.shortValue(first, depth);
      members[key] = short === undefined ? yield* this.longValue(first, depth) : short;
      if (this.isLong()) yield;
    } while (this.goesOn(CLOSE_OBJECT));
    return members;
  }

  private *longString(): Generator<void, unknown, void> {
    const start = this.place;
    while (!this.passString()) yield;
    return this.place - start > LONG_STRING ? new JsonText(this.text.slice(start, this.place)) : this.unquote(start);
  }

  /** Continues with a value that stays as sent. */
  private *textOf(depth: number): Generator<void, JsonText, void> {
    for (;;) {
      yield;
      const text = this.skipTo(this.skipping, depth);
      if (text !== undefined) return text;
    }
  }

  /** @param start The start of the value. @returns undefined if the value does not end in this step. */
  private skipTo(start: number, depth: number): JsonText | undefined {
    this.skipping = start;
    if (!this.skip(this.open, depth)) return undefined;
    return new JsonText(this.text.slice(start, this.place));
  }

  private plainValue(first: number): unknown {
    const start = this.place;
    this.passPlainValue(first);
    if (isNumberStart(first)) return Number(this.text.slice(start, this.place));
    return LITERALS.find(([text]) => text.charCodeAt(0) === first)?.[1];
  }

  private unquote(start: number): string {
    const token = this.text.slice(start, this.place);
    return token.includes('\\') ? (unquoted(token) ?? '') : token.slice(1, -1);
  }
}
