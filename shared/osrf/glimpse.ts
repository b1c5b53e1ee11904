import type { Stanza } from '../stanza.ts';
import { unescapeXml } from '../xml.ts';
import { emptyMessage, type SkimmedMessage } from './skimmed-message.ts';

/** For a long stanza: the characters searched at its beginning and end, and the kept characters of its content. */
const BEGINNING = 1_500;
const TAIL = 512;
const KEPT = 128 * 1024 + BEGINNING;

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
  const kept = unescapeXml((head + rest).slice(0, KEPT));
  if (both.includes('osrfMethod') || both.includes('REQUEST')) {
    return [{ ...emptyMessage('REQUEST'), threadTrace, method: METHOD.exec(both)?.[1] ?? '', params: behind(kept, '"params"') }];
  }
  const result = { ...emptyMessage('RESULT'), threadTrace, statusCode: 200, content: behind(kept, '"content"') };
  if (!tail.includes('STATUS')) return [result];
  return [result, { ...emptyMessage('STATUS'), threadTrace, statusCode: Number(STATUS_CODE.exec(tail)?.[1] ?? 0) }];
}

/** The value after a key, and the text after it: cut, so not valid JSON. */
function behind(text: string, key: string): string {
  const at = text.indexOf(key);
  return at === -1 ? '' : text.slice(text.indexOf(':', at) + 1);
}
