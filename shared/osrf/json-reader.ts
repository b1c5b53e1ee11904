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

  constructor(text: string, levels: number, mostValues: number) {
    super(text);
    this.levels = levels;
    this.valuesLeft = mostValues;
  }

  /** The whole text. */
  *document(): Generator<void, unknown, void> {
    const value = yield* this.value(this.next(), 0);
    this.next();
    if (this.place < this.text.length) this.fail();
    return value;
  }

  /** @param first Its first character. @param depth The number of lists and objects around it. */
  private *value(first: number, depth: number): Generator<void, unknown, void> {
    if (depth === this.levels) return yield* this.textOf(first, depth);
    if (depth >= MAX_JSON_DEPTH && isOpening(first)) throw tooDeep();
    if (first === OPEN_LIST) return yield* this.list(depth + 1);
    if (first === OPEN_OBJECT) return yield* this.members(depth + 1);
    if (first !== QUOTE) return this.plainValue(first);
    const start = this.place;
    yield* this.passString();
    return this.place - start > LONG_STRING ? new JsonText(this.text.slice(start, this.place)) : this.unquote(start);
  }

  private *list(depth: number): Generator<void, unknown[], void> {
    const list: unknown[] = [];
    if (this.isEmpty(CLOSE_LIST)) return list;
    do {
      const first = this.next();
      const simple = this.simpleValue(first, depth);
      list.push(simple === undefined ? yield* this.value(first, depth) : simple);
      if (this.isLong()) yield;
    } while (this.goesOn(CLOSE_LIST));
    return list;
  }

  private *members(depth: number): Generator<void, Members, void> {
    const members = new Members();
    if (this.isEmpty(CLOSE_OBJECT)) return members;
    do {
      const start = this.passKey();
      const key = this.unquote(start);
      this.passColon();
      const first = this.next();
      const simple = this.simpleValue(first, depth);
      members[key] = simple === undefined ? yield* this.value(first, depth) : simple;
      if (this.isLong()) yield;
    } while (this.goesOn(CLOSE_OBJECT));
    return members;
  }

  /** The fast path for most values: a generator costs more than the reading. @returns undefined: use the slow path. */
  private simpleValue(first: number, depth: number): unknown {
    if (depth === this.levels) return undefined;
    if (--this.valuesLeft < 0) throw new Unreadable('too many parts');
    if (isOpening(first)) return undefined;
    if (first !== QUOTE) return this.plainValue(first);
    const start = this.place;
    return this.passShortString() ? this.unquote(start) : undefined;
  }

  private *textOf(first: number, depth: number): Generator<void, JsonText, void> {
    const start = this.place;
    if (first === QUOTE) yield* this.passString();
    else if (isOpening(first)) yield* this.skip(depth);
    else this.passPlainValue(first);
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
