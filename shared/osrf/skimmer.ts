import { MAX_JSON_DEPTH, parseJson, plainText } from './json.ts';
import { DEFAULT_LOCALE, MAX_MESSAGES, type OsrfMessageType } from './message.ts';
import { emptyMessage, type SkimmedMessage } from './skimmed-message.ts';

const TYPES: ReadonlySet<string> = new Set<OsrfMessageType>(['CONNECT', 'REQUEST', 'RESULT', 'STATUS', 'DISCONNECT']);

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Thrown if a text is unusual and must be parsed. */
const UNUSUAL = new Error('unusual');

/** Reads the messages of a body without their contents. Leaves unusual texts to the parser. */
export class Skimmer {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** @returns null if the text must be parsed. */
  messages(): SkimmedMessage[] | null {
    try {
      return this.list();
    } catch (error) {
      if (error !== UNUSUAL) throw error;
      return null;
    }
  }

  private list(): SkimmedMessage[] {
    const messages: SkimmedMessage[] = [];
    this.expect(OPEN_LIST);
    do {
      if (messages.length === MAX_MESSAGES) throw UNUSUAL;
      messages.push(this.message());
    } while (this.goesOn(CLOSE_LIST));
    this.blanks();
    if (this.at !== this.text.length) throw UNUSUAL;
    return messages;
  }

  private message(): SkimmedMessage {
    const message = emptyMessage('STATUS');
    let known = false;
    let typed = false;
    this.expect(OPEN_OBJECT);
    do {
      switch (this.key()) {
        case '__c':
          known = this.string() === 'osrfMessage';
          break;
        case '__p':
          typed = this.envelope(message);
          break;
        default:
          this.skip();
      }
    } while (this.goesOn(CLOSE_OBJECT));
    if (!known || !typed) throw UNUSUAL;
    return message;
  }

  /** @returns whether it has a known type. */
  private envelope(message: SkimmedMessage): boolean {
    let typed = false;
    this.expect(OPEN_OBJECT);
    do {
      switch (this.key()) {
        case 'threadTrace':
          message.threadTrace = this.stringOrNumber();
          break;
        case 'type':
          message.type = this.string() as OsrfMessageType;
          typed = TYPES.has(message.type);
          break;
        case 'locale':
          message.locale = this.stringOr(DEFAULT_LOCALE) || DEFAULT_LOCALE;
          break;
        case 'ingress':
          message.ingress = this.stringOr('');
          break;
        case 'api_level':
          message.apiLevel = this.level();
          break;
        case 'payload':
          this.payload(message);
          break;
        default:
          this.skip();
      }
    } while (this.goesOn(CLOSE_OBJECT));
    return typed;
  }

  private payload(message: SkimmedMessage): void {
    this.blanks();
    if (this.text.charCodeAt(this.at) !== OPEN_OBJECT) {
      this.skip();
      return;
    }
    this.expect(OPEN_OBJECT);
    do {
      switch (this.key()) {
        case '__c':
          message.payloadClass = this.string();
          break;
        case '__p':
          this.contents(message);
          break;
        default:
          throw UNUSUAL;
      }
    } while (this.goesOn(CLOSE_OBJECT));
  }

  private contents(message: SkimmedMessage): void {
    this.expect(OPEN_OBJECT);
    if (this.ends(CLOSE_OBJECT)) return;
    do {
      switch (this.key()) {
        case 'method':
          message.method = this.stringOr('');
          break;
        case 'params':
          message.params = listOnly(this.skip());
          break;
        case 'statusCode':
          message.statusCode = Number(this.stringOrNumber()) || 0;
          break;
        case 'status':
          message.status = this.isString() ? this.string() : this.parsed(this.skip());
          break;
        case 'content':
          message.content = this.skip();
          break;
        default:
          this.skip();
      }
    } while (this.goesOn(CLOSE_OBJECT));
  }

  private key(): string {
    const key = this.string();
    this.expect(COLON);
    return key;
  }

  /** Whether another item or member follows. */
  private goesOn(end: number): boolean {
    this.blanks();
    const unit = this.text.charCodeAt(this.at++);
    if (unit === COMMA) return true;
    if (unit === end) return false;
    throw UNUSUAL;
  }

  private ends(end: number): boolean {
    this.blanks();
    if (this.text.charCodeAt(this.at) !== end) return false;
    this.at++;
    return true;
  }

  private expect(unit: number): void {
    this.blanks();
    if (this.text.charCodeAt(this.at++) !== unit) throw UNUSUAL;
  }

  private blanks(): void {
    while (isBlank(this.text.charCodeAt(this.at))) this.at++;
  }

  private isString(): boolean {
    this.blanks();
    return this.text.charCodeAt(this.at) === QUOTE;
  }

  private stringOr(other: string): string {
    if (this.isString()) return this.string();
    this.skip();
    return other;
  }

  private string(): string {
    this.expect(QUOTE);
    const start = this.at;
    const end = this.text.indexOf('"', start);
    if (end === -1) throw UNUSUAL;
    this.at = end + 1;
    const text = this.text.slice(start, end);
    if (!text.includes('\\')) return text;
    this.at = start - 1;
    return this.parsed(this.skip());
  }

  private stringOrNumber(): string {
    return this.isString() ? this.string() : this.number();
  }

  private parsed(json: string): string {
    const value = parseJson(json);
    if (value === undefined) throw UNUSUAL;
    return plainText(value);
  }

  private number(): string {
    const text = this.skip();
    if (!/^-?\d+(?:\.\d+)?$/.test(text)) throw UNUSUAL;
    return text;
  }

  private level(): number {
    const level = Number(this.skip());
    return Number.isInteger(level) ? level : 0;
  }

  /** @returns the text of the skipped value. */
  private skip(): string {
    this.blanks();
    const start = this.at;
    const { text } = this;
    let depth = 0;
    do {
      const unit = text.charCodeAt(this.at);
      switch (unit) {
        case QUOTE:
          this.skipString();
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          if (++depth > MAX_JSON_DEPTH) throw UNUSUAL;
          this.at++;
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          depth--;
          this.at++;
          break;
        default:
          this.skipPlain(unit, depth);
      }
    } while (depth > 0);
    if (depth < 0) throw UNUSUAL;
    return text.slice(start, this.at);
  }

  private skipString(): void {
    const { text } = this;
    let end = text.indexOf('"', this.at + 1);
    while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
    if (end === -1) throw UNUSUAL;
    this.at = end + 1;
  }

  /** Numbers, literals, and the marks between values. */
  private skipPlain(first: number, depth: number): void {
    if (Number.isNaN(first)) throw UNUSUAL;
    const { text } = this;
    let unit = first;
    do {
      this.at++;
      unit = text.charCodeAt(this.at);
    } while (!Number.isNaN(unit) && unit !== QUOTE && !isBracket(unit) && (depth > 0 || (unit !== COMMA && !isBlank(unit))));
  }
}

function listOnly(json: string): string {
  return json.startsWith('[') ? json : '';
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x09 || unit === 0x0d;
}

function isBracket(unit: number): boolean {
  return unit === OPEN_LIST || unit === CLOSE_LIST || unit === OPEN_OBJECT || unit === CLOSE_OBJECT;
}

function isEscaped(text: string, place: number): boolean {
  let before = place;
  while (text.charCodeAt(before - 1) === BACKSLASH) before--;
  return (place - before) % 2 === 1;
}
