import { MAX_THREAD, Stanza } from '../stanza.ts';

/*
 * The shape in which OpenSRF's libraries write nearly every stanza:
 *
 *   stanza     <message to='…' from='…'[ type='…'][ id='…'][ extension]> [<opensrf extension/>] [thread] [subject] <body> text </body></message>
 *   extension  [ router_from='…' router_to='…'][ class and command, in either order] osrf_xid='…'[ broadcast='…']    once: up to OpenSRF 3.0 in the start tag
 *   thread     <thread>…</thread> or <thread/>
 *   subject    <subject></subject> or <subject/>
 *
 * All quotes are of one kind. A value contains no quotes, references, line ends or tabs, so its text is its meaning.
 * Text may contain XML's five named references and references to allowed characters, but no `]]>`.
 *
 * One regular expression reads everything before the text: 0.8 us for a stanza of 600 bytes, text included; a loop over tags and attributes took
 * 2.0 us, and saxes takes 8 us (Node 20.20).
 */

// XML 1.0 §2.2, without surrogates: the decoder lets no lone one pass.
const NO_CHARACTER = '\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff';
const VALUE = `[^'"<>&\\t\\n\\r${NO_CHARACTER}]*`;
/** An attribute whose value is captured; the first group of the expression is the quote. */
const attribute = (name: string): string => ` ${name}=\\1(${VALUE})\\1`;
const START = `<message to=(["'])(${VALUE})\\1${attribute('from')}(?:${attribute('type')})?(?:${attribute('id')})?`;
const CLASS_AND_COMMAND = `(?:${attribute('router_class')}${attribute('router_command')}|${attribute('router_command')}${attribute('router_class')})?`;
const SENDER = `(?:${attribute('router_from')} router_to=\\1${VALUE}\\1)?`;
const ATTRIBUTES = `${SENDER}${CLASS_AND_COMMAND}${attribute('osrf_xid')}(?: broadcast=\\1[01]?\\1)?`;
// Matches the child's or the start tag's end; a later check decides which of them must end in a slash.
const EXTENSION = `(?:(?:><opensrf)?${ATTRIBUTES}/?>|>)`;
const THREAD = `(?:<thread>([^<&\\]${NO_CHARACTER}]*)</thread>|<thread/>)?`;
const HEAD = new RegExp(`${START}${EXTENSION}${THREAD}(?:<subject></subject>|<subject/>)?<body>`, 'y');

// A subset of the allowed numbers: XML allows all from 32 on with these lengths, and the three controls.
const DECIMAL = '#(?:9|1[03]|3[2-9]|[4-9][0-9]|[1-9][0-9]{2,3})';
const HEXADECIMAL = '#x(?:[9aAdD]|[2-9a-fA-F][0-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-cA-C][0-9a-fA-F]{3})';
const REFERENCE = `&(?:quot;|(?:amp|lt|gt|apos|${DECIMAL}|${HEXADECIMAL});)`;
// A smaller class is faster; the three allowed controls are omitted, since they are rare in JSON.
const USUAL = '[^<&\\x00-\\x1f\\ufffe\\uffff]';
// A loop in a loop: a class alone puts nothing on the expression's stack, a choice does for each character. In twos it takes 0.6 ns a byte, in ones 0.9.
const TEXT_RUN = `(?:${USUAL}${USUAL})*${USUAL}?`;
// The most rounds at once: each puts an entry on the expression's stack, which is bounded.
const TEXT = new RegExp(`${TEXT_RUN}(?:(?:${REFERENCE}|[\\t\\n\\r])${TEXT_RUN}){0,1000}`, 'y');

/** The start of every plain stanza. */
export const PLAIN_START = '<message to=';
/** The end of its text. */
export const PLAIN_END = '</body></message>';
/** Forbidden in text (XML 1.0 §2.4) and anywhere in a plain stanza. Search the whole chunk for it first; that costs next to nothing. */
export const SECTION_END = ']]>';

// The characters of these attributes besides their values; `to` stands behind the element's name.
const FROM_LENGTH = `'' from=''`.length;
const TYPE_LENGTH = ` type=''`.length;
const ID_LENGTH = ` id=''`.length;

/** The result of {@link readPlainHead}. */
export interface PlainHead {
  readonly stanza: Stanza;
  /** Positions in the text: of the stanza's {@link Stanza.rest}, and of its body's text. */
  readonly restStart: number;
  readonly bodyStart: number;
}

/** Reads a plain stanza up to its body's text; null if it is absent, incomplete or not plain. */
export function readPlainHead(text: string, start: number): PlainHead | null {
  HEAD.lastIndex = start;
  const match = HEAD.exec(text);
  if (match === null) return null;
  const thread = match[12] ?? '';
  if (thread.length > MAX_THREAD) return null;
  const stanza = new Stanza('message', match[2] as string, match[3] as string, match[4] ?? '', match[5] ?? '');
  const restStart = readExtension(stanza, match, text, endOfAttributes(match, start));
  if (restStart === -1) return null;
  stanza.thread = thread;
  return { stanza, restStart, bodyStart: HEAD.lastIndex };
}

/** The end of `to`, `from`, `type` and `id`, from their lengths: a search for it takes longer. */
function endOfAttributes(match: RegExpExecArray, start: number): number {
  let end = start + PLAIN_START.length + (match[2] as string).length + FROM_LENGTH + (match[3] as string).length;
  if (match[4] !== undefined) end += TYPE_LENGTH + match[4].length;
  if (match[5] !== undefined) end += ID_LENGTH + match[5].length;
  return end;
}

/** Reads the extension from the child or the start tag. @param position The end of `id`. @returns its end, or the start tag's; -1 if the wrong one ends in a slash. */
function readExtension(stanza: Stanza, match: RegExpExecArray, text: string, position: number): number {
  const transactionId = match[11];
  if (transactionId === undefined) return position + 1;
  const end = text.indexOf('>', position + 1) + 1;
  const isChild = text.charCodeAt(position) === 0x3e;
  if (isChild !== (text.charCodeAt(end - 2) === 0x2f)) return -1;
  if (isChild) {
    stanza.head = text.slice(position + 1, end);
    stanza.extensionStart = 0;
  } else {
    stanza.otherAttributes = text.slice(position, end - 1);
    stanza.extensionOnStartTag = true;
  }
  stanza.routerFrom = match[6] ?? '';
  stanza.routerClass = match[7] ?? match[10] ?? '';
  stanza.routerCommand = match[8] ?? match[9] ?? '';
  stanza.transactionId = transactionId;
  return end;
}

/** The end of the characters from `start` that are plain text whatever follows; the text contains no {@link SECTION_END}. */
export function endOfPlainText(text: string, start: number): number {
  let end = start;
  do {
    TEXT.lastIndex = end;
    TEXT.test(text);
    if (TEXT.lastIndex === end) break;
    end = TEXT.lastIndex;
  } while (end < text.length && text.charCodeAt(end) !== 0x3c);
  // A final `]]` may begin `]]>`.
  if (end === text.length) while (end > start && end > text.length - 2 && text.charCodeAt(end - 1) === 0x5d) end--;
  return end;
}

/**
 * The exact length of the text after {@link mayGoOnPlain} that completes a begun reference or end tag: only this part is joined with the text
 * before it, which would copy it. 0 if it cannot be determined.
 */
export function settledBy(rest: string, text: string): number {
  if (rest.startsWith('<')) return PLAIN_END.length - rest.length;
  return rest.startsWith('&') ? text.indexOf(';') + 1 : 0;
}

const BEGUN_REFERENCE = /^&(?:#[0-9]{0,4}|#x[0-9a-fA-F]{0,4}|[a-z]{0,4})$/;

/** Whether the characters after plain text may continue it, or end the stanza, once more arrive. */
export function mayGoOnPlain(text: string, textEnd: number): boolean {
  if (text.length - textEnd >= PLAIN_END.length) return false;
  const rest = text.slice(textEnd);
  return rest === '' || rest === ']' || rest === ']]' || PLAIN_END.startsWith(rest) || BEGUN_REFERENCE.test(rest);
}
