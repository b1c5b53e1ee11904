import { MAX_JSON_DEPTH } from './json.ts';

/** The characters read in one step of a job: about 0.1 ms. */
const BIT = 4_096;

/** Characters of JSON. */
export const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;

// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 8259 §7: a string must escape them
const SHORT_STRING = /"[^"\\\u0000-\u001f]{0,1000}"/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const PART_OF_STRING = /(?:[^"\\\u0000-\u001f]{1,1000}|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){1,100}/y;
/** A longer string above the levels stays as sent, like the values below them. */
export const LONG_STRING = 65_536;
/** The value has ended, and needs no closing bracket. */
const NOTHING = 0;
/** The value is a string that continues. */
const UNFINISHED = -1;
/** The most white space in one place: skipping it cannot be interrupted. */
const MAX_BLANKS = 1_048_576;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** The values other than texts, lists and objects. */
export const LITERALS: readonly (readonly [text: string, value: unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Thrown by a {@link JsonScanner}: ends the reading of a text. */
export class Unreadable {
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** Skips over a peer's JSON (RFC 8259), in steps if a value may be long. */
export class JsonScanner {
  protected readonly text: string;
  protected place = 0;
  /** Whether it is inside a long string. */
  private inString = false;
  /** The start of the next step. */
  private pause = BIT;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * Skips one step of a value of any depth without keeping it. @param depth The number of lists and objects around it.
   * @param open The closing brackets that the value still needs; empty at first. @returns whether the value has ended; false: call again.
   */
  protected skip(open: number[], depth: number): boolean {
    do {
      const close = this.enter(depth + open.length);
      if (close === UNFINISHED) return false;
      if (close !== NOTHING) open.push(close);
      else if (this.leave(open)) return true;
    } while (!this.isLong());
    return false;
  }

  /** Enters a list or object, or skips another value. @returns the closing bracket, {@link NOTHING} or {@link UNFINISHED}. */
  private enter(depth: number): number {
    const first = this.inString ? QUOTE : this.next();
    if (first === QUOTE) return this.passString() ? NOTHING : UNFINISHED;
    if (!isOpening(first)) {
      this.passPlainValue(first);
      return NOTHING;
    }
    if (depth >= MAX_JSON_DEPTH) throw tooDeep();
    const close = first === OPEN_LIST ? CLOSE_LIST : CLOSE_OBJECT;
    if (this.isEmpty(close)) return NOTHING;
    if (close === CLOSE_OBJECT) this.skipKey();
    return close;
  }

  /** Moves from a value to the next one. @param open The closing characters of the lists and objects around it; removes those that end here. @returns whether all have ended. */
  private leave(open: number[]): boolean {
    for (;;) {
      const close = open.at(-1);
      if (close === undefined) return true;
      if (this.goesOn(close)) {
        if (close === CLOSE_OBJECT) this.skipKey();
        return false;
      }
      open.pop();
    }
  }

  /** Skips a number, true, false or null. */
  protected passPlainValue(first: number): void {
    if (isNumberStart(first)) {
      NUMBER.lastIndex = this.place;
      if (!NUMBER.test(this.text)) this.fail();
      this.place = NUMBER.lastIndex;
      return;
    }
    const literal = LITERALS.find(([text]) => this.text.startsWith(text, this.place));
    if (literal === undefined) this.fail();
    else this.place += literal[0].length;
  }

  /** Skips a string, or one step of a long one. @returns whether it has ended; false: call again. */
  protected passString(): boolean {
    if (!this.inString) {
      if (this.passShortString()) return true;
      this.place++;
      this.inString = true;
    }
    while (!this.passPart()) if (this.isLong()) return false;
    this.inString = false;
    return true;
  }

  protected passShortString(): boolean {
    SHORT_STRING.lastIndex = this.place;
    if (!SHORT_STRING.test(this.text)) return false;
    this.place = SHORT_STRING.lastIndex;
    return true;
  }

  /** Skips a part of a string. @returns whether that was its end. */
  private passPart(): boolean {
    PART_OF_STRING.lastIndex = this.place;
    if (PART_OF_STRING.test(this.text)) {
      this.place = PART_OF_STRING.lastIndex;
      return false;
    }
    if (this.text.charCodeAt(this.place) !== QUOTE) this.fail();
    this.place++;
    return true;
  }

  private skipKey(): void {
    this.passKey();
    this.passColon();
  }

  /** @returns its start. */
  protected passKey(): number {
    if (this.next() !== QUOTE) this.fail();
    const start = this.place;
    if (this.passShortString()) return start;
    this.place++;
    while (!this.passPart()) if (this.place - start > LONG_STRING) throw new Unreadable('a key is too long');
    return start;
  }

  protected passColon(): void {
    if (this.next() !== COLON) this.fail();
    this.place++;
  }

  /** Moves past an opening bracket, and past a closing one that follows. @returns whether one does. */
  protected isEmpty(close: number): boolean {
    this.place++;
    if (this.next() !== close) return false;
    this.place++;
    return true;
  }

  /** Skips the character after a value. @returns whether it is a comma. @param close The allowed alternative. */
  protected goesOn(close: number): boolean {
    const found = this.next();
    if (found !== COMMA && found !== close) this.fail();
    this.place++;
    return found === COMMA;
  }

  /** Whether a step of work is done. */
  protected isLong(): boolean {
    if (this.place < this.pause) return false;
    this.pause = this.place + BIT;
    return true;
  }

  /** Skips white space. @returns the next character; NaN at the end. */
  protected next(): number {
    const { text } = this;
    const most = this.place + MAX_BLANKS;
    let code = text.charCodeAt(this.place);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      if (this.place >= most) this.fail();
      code = text.charCodeAt(++this.place);
    }
    return code;
  }

  protected fail(): never {
    throw new Unreadable(this.place < this.text.length ? `no JSON (at character ${this.place + 1})` : 'no JSON (it ends too early)');
  }
}

/** The error for too deep nesting. */
export function tooDeep(): Unreadable {
  return new Unreadable(`nested deeper than ${MAX_JSON_DEPTH} levels`);
}

/** Whether a list or object begins. */
export function isOpening(code: number): boolean {
  return code === OPEN_LIST || code === OPEN_OBJECT;
}

/** Whether a number begins. */
export function isNumberStart(code: number): boolean {
  return code === MINUS || (code >= ZERO && code <= NINE);
}
