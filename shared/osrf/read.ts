import { childText } from '../element.ts';
import { elementOf } from '../reader/element-of.ts';
import type { Stanza } from '../stanza.ts';
import { unescapeXml } from '../xml.ts';
import { occursMoreThan } from './json.ts';
import { type OsrfMessage, parseOsrfMessages, peekMessages } from './message.ts';

// The form that OpenSRF's libraries write. In a well-formed stanza nothing else can look like this, and the tree takes ten times as long.
const USUAL_CONTENT = /^(?:<opensrf [^<>]*\/>)?(?:<thread>[^<]*<\/thread>)?<body>([^<\r]*)<\/body>/;

/** The text of a stanza's `<body>`, references resolved; `''`: none. */
export function bodyText(stanza: Stanza): string {
  const usual = USUAL_CONTENT.exec(stanza.inner)?.[1];
  if (usual !== undefined) return unescapeXml(usual);
  return childText(elementOf(stanza), 'body') ?? '';
}

const USUAL_OPENING = /^(?:<opensrf [^<>]*\/>)?(?:<thread>[^<]*<\/thread>)?(?:<subject\/>|<subject><\/subject>)?<body>/;

/** {@link bodyText} as a long job, if the stanza is in pieces and of the usual form. */
export function* readBodyText(stanza: Stanza): Generator<void, string, void> {
  const { head, rest, more } = stanza;
  const beginning = head + rest;
  const opening = more.length === 0 ? null : USUAL_OPENING.exec(beginning);
  if (opening === null) return bodyText(stanza);
  const pieces = [beginning.slice(opening[0].length), ...more];
  let text = '';
  let begun = '';
  for (const [index, piece] of pieces.entries()) {
    const raw = begun + piece;
    const end = raw.indexOf('<');
    if (raw.includes('\r')) break;
    if (
      end !== -1 &&
      !raw
        .slice(end)
        .concat(...pieces.slice(index + 1))
        .startsWith('</body>')
    )
      break;
    if (end !== -1) return text + unescapeXml(raw.slice(0, end));
    const complete = endOfReferences(raw);
    text += unescapeXml(raw.slice(0, complete));
    begun = raw.slice(complete);
    yield;
  }
  return bodyText(stanza);
}

/** The end of the text before a reference whose rest is in the next piece. */
function endOfReferences(text: string): number {
  const last = text.lastIndexOf('&');
  return last === -1 || text.includes(';', last) ? text.length : last;
}

/** The messages of a stanza; null if {@link parseOsrfMessages} finds none in its body. */
export function messagesIn(stanza: Stanza): OsrfMessage[] | null {
  return parseOsrfMessages(bodyText(stanza));
}

/** The most references that an observer resolves to read a stanza… */
const MAX_REFERENCES = 1_000_000;
/** …and the most arrays, objects, elements or members it creates. */
const MAX_PARTS = 200_000;

/** The messages of a stanza for an observer; none if reading its many parts would delay its delivery. */
export function peekOsrfMessages(stanza: Stanza): OsrfMessage[] {
  return isCostly(stanza) ? [] : (peekMessages(bodyText(stanza)) ?? []);
}

/** Whether a stanza has so many parts that reading it would delay others. */
export function isCostly({ inner }: Stanza): boolean {
  // Nearly every message is too short to exceed a limit.
  if (inner.length <= MAX_PARTS) return false;
  for (const character of ['[', '{', '<', ',']) if (occursMoreThan(inner, character, MAX_PARTS)) return true;
  return occursMoreThan(inner, '&', MAX_REFERENCES);
}
