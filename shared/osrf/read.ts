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
