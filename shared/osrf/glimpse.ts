import type { Stanza } from '../stanza.ts';
import { unescapeXml } from '../xml.ts';
import { emptyMessage, type SkimmedMessage } from './skimmed-message.ts';

/** For a long stanza: the characters searched at its beginning and end, and the kept characters of its content. */
const BEGINNING = 1_500;
const TAIL = 512;
const KEPT = 128 * 1024 + BEGINNING;
/** The length of `&quot;`, which may stand for each character. */
const LONGEST_REFERENCE = 6;

const NUMBER = /(?:"|&quot;)threadTrace(?:"|&quot;)\s*:\s*(?:"|&quot;)?([^\s",&}]{1,20})/;
const METHOD = /(?:"|&quot;)method(?:"|&quot;)\s*:\s*(?:"|&quot;)([^"&]{1,512})/;
const STATUS_CODE = /(?:"|&quot;)statusCode(?:"|&quot;)\s*:\s*(?:"|&quot;)?(\d+)/;

/** The information in the beginning and the end of a long stanza: a request or a result, and the status after it. */
export function glimpsedMessages(stanza: Stanza): SkimmedMessage[] {
  const { head, rest, more } = stanza;
  const beginning = (head + rest).slice(0, BEGINNING);
  const tail = (more.at(-1) ?? rest).slice(-TAIL);
  const both = beginning + tail;
  const threadTrace = NUMBER.exec(both)?.[1];
  if (threadTrace === undefined) return [];
  const [kept, leftOut] = keptOf(stanza);
  if (both.includes('osrfMethod') || both.includes('REQUEST')) {
    return [{ ...emptyMessage('REQUEST'), threadTrace, method: METHOD.exec(both)?.[1] ?? '', params: behind(kept, '"params"'), leftOut }];
  }
  const result = { ...emptyMessage('RESULT'), threadTrace, statusCode: 200, content: behind(kept, '"content"'), leftOut };
  if (!tail.includes('STATUS')) return [result];
  return [result, { ...emptyMessage('STATUS'), threadTrace, statusCode: Number(STATUS_CODE.exec(tail)?.[1] ?? 0) }];
}

/** The kept beginning, references resolved, and the number of characters after it. */
function keptOf(stanza: Stanza): [kept: string, leftOut: number] {
  const text = beginningOf(stanza, KEPT * LONGEST_REFERENCE);
  return [unescapeXml(text).slice(0, KEPT), Math.max(0, stanza.length - KEPT)];
}

/** A reference at the end, which may be cut, is left out. */
function beginningOf({ head, rest, more }: Stanza, length: number): string {
  let text = head + rest;
  for (let index = 0; index < more.length && text.length < length; index++) text += more[index];
  return text.slice(0, length).replace(/&[^;]{0,8}$/, '');
}

/** The value after a key, and the text after it: cut, so not valid JSON. */
function behind(text: string, key: string): string {
  const at = text.indexOf(key);
  return at === -1 ? '' : text.slice(text.indexOf(':', at) + 1);
}
