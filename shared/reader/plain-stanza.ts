import { MAX_THREAD, Stanza } from '../stanza.ts';

/*
 * The shape in which OpenSRF's libraries write nearly every stanza, and nothing else:
 *
 *   stanza     <message to='…' from='…'[ type='…'][ id='…'][ extension]> [<opensrf extension/>] [thread] [subject] <body> text </body></message>
 *   extension  [ router_from='…' router_to='…'][ class and command, in either order] osrf_xid='…'[ broadcast='…']    once: up to OpenSRF 3.0 in the start tag
 *   thread     <thread>…</thread> or <thread/>
 *   subject    <subject></subject> or <subject/>
 *
 * The quotes are all of one kind. A value holds neither quotes nor what stands for another character (references, line ends, tabs), so it means what is
 * written. Text may hold references to the five names of XML and to characters XML allows, and no `]]>`.
 *
 * One regular expression reads all that stands before the text: 0.8 us for a stanza of 600 bytes, text included; a loop over its tags and attributes took
 * 2.0 us, and saxes takes 8 us (Node 20.20).
 */

// XML 1.0 §2.2, without surrogates: the text comes from a decoder that lets no lone one pass.
const NO_CHARACTER = '\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff';
const VALUE = `[^'"<>&\\t\\n\\r${NO_CHARACTER}]*`;
/** An attribute whose value is captured; the first group of the expression is the quote. */
const attribute = (name: string): string => ` ${name}=\\1(${VALUE})\\1`;
const START = `<message to=(["'])(${VALUE})\\1${attribute('from')}(?:${attribute('type')})?(?:${attribute('id')})?`;
const CLASS_AND_COMMAND = `(?:${attribute('router_class')}${attribute('router_command')}|${attribute('router_command')}${attribute('router_class')})?`;
const SENDER = `(?:${attribute('router_from')} router_to=\\1${VALUE}\\1)?`;
const ATTRIBUTES = `${SENDER}${CLASS_AND_COMMAND}${attribute('osrf_xid')}(?: broadcast=\\1[01]?\\1)?`;
// Of the child, or of the start tag: which of them is to end in a slash is looked at afterwards.
const EXTENSION = `(?:(><opensrf)?(${ATTRIBUTES})/?>|>)`;
const THREAD = `(?:<thread>([^<&\\]${NO_CHARACTER}]*)</thread>|<thread/>)?`;
const HEAD = new RegExp(`${START}${EXTENSION}${THREAD}(?:<subject></subject>|<subject/>)?<body>`, 'y');

// Not all numbers that may stand there: XML allows all from 32 on that these have, and the three controls.
const DECIMAL = '#(?:9|1[03]|3[2-9]|[4-9][0-9]|[1-9][0-9]{2,3})';
const HEXADECIMAL = '#x(?:[9aAdD]|[2-9a-fA-F][0-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-cA-C][0-9a-fA-F]{3})';
const REFERENCE = `&(?:quot;|(?:amp|lt|gt|apos|${DECIMAL}|${HEXADECIMAL});)`;
// The smaller the class, the less a character costs: three of the controls may stand there too, but are rare in JSON.
const USUAL = '[^<&\\x00-\\x1f\\ufffe\\uffff]';
// A loop in a loop: a class alone puts nothing on the expression's stack, a choice does so for each character. By twos it takes 0.6 ns a byte, by ones 0.9.
const TEXT_RUN = `(?:${USUAL}${USUAL})*${USUAL}?`;
// So many rounds at once: for each the expression keeps something on a stack, which has an end.
const TEXT = new RegExp(`${TEXT_RUN}(?:(?:${REFERENCE}|[\\t\\n\\r])${TEXT_RUN}){0,1000}`, 'y');

/** How every plain stanza begins. */
export const PLAIN_START = '<message to=';
/** What ends its text. */
export const PLAIN_END = '</body></message>';
/** What may not stand in text (XML 1.0 §2.4), nor anywhere else in a plain stanza. To be looked for before: in a whole chunk that costs next to nothing. */
export const SECTION_END = ']]>';

/** What {@link readPlainHead} has read. */
export interface PlainHead {
  readonly stanza: Stanza;
  /** Positions in the text: of the stanza's {@link Stanza.rest}, and of the text in its body. */
  readonly restStart: number;
  readonly bodyStart: number;
}

/** Reads all of a plain stanza that stands before the text of its body; null if it is not there, or not all of it, or not plain. */
export function readPlainHead(text: string, start: number): PlainHead | null {
  HEAD.lastIndex = start;
  const match = HEAD.exec(text);
  if (match === null) return null;
  const thread = match[14] ?? '';
  if (thread.length > MAX_THREAD) return null;
  const stanza = new Stanza('message', match[2] as string, match[3] as string, match[4] ?? '', match[5] ?? '');
  const restStart = readExtension(stanza, match, text, start);
  if (restStart === -1) return null;
  stanza.thread = thread;
  return { stanza, restStart, bodyStart: HEAD.lastIndex };
}

/** Takes over the extension, wherever it stands. @returns where it ends, or the start tag; -1 if the wrong one of the two ends in a slash. */
function readExtension(stanza: Stanza, match: RegExpExecArray, text: string, start: number): number {
  const startTagEnd = text.indexOf('>', start) + 1;
  const attributes = match[7];
  if (attributes === undefined) return startTagEnd;
  const isChild = match[6] !== undefined;
  const end = isChild ? text.indexOf('>', startTagEnd) + 1 : startTagEnd;
  if (isChild !== text.startsWith('/', end - 2)) return -1;
  if (isChild) {
    stanza.head = text.slice(startTagEnd, end);
    stanza.extensionStart = 0;
  } else {
    stanza.otherAttributes = attributes;
    stanza.extensionOnStartTag = true;
  }
  stanza.routerFrom = match[8] ?? '';
  stanza.routerClass = match[9] ?? match[12] ?? '';
  stanza.routerCommand = match[10] ?? match[11] ?? '';
  stanza.transactionId = match[13] ?? '';
  return end;
}

/** The position behind the characters from `start` on that are plain text for certain, whatever comes behind them; there is no {@link SECTION_END} in the text. */
export function endOfPlainText(text: string, start: number): number {
  let end = start;
  do {
    TEXT.lastIndex = end;
    TEXT.test(text);
    if (TEXT.lastIndex === end) break;
    end = TEXT.lastIndex;
  } while (end < text.length && text.charCodeAt(end) !== 0x3c);
  // A `]]` at the very end may be the beginning of `]]>`.
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

/** Whether what stands behind plain text may become more of it, or the end of the stanza, as soon as there is more. */
export function mayGoOnPlain(text: string, textEnd: number): boolean {
  if (text.length - textEnd >= PLAIN_END.length) return false;
  const rest = text.slice(textEnd);
  return rest === '' || rest === ']' || rest === ']]' || PLAIN_END.startsWith(rest) || BEGUN_REFERENCE.test(rest);
}
