import { detached } from '../detach.ts';
import type { Stanza } from '../stanza.ts';
import { unescapeXml } from '../xml.ts';
import { glimpsedMessages } from './glimpse.ts';
import { writeJson } from './json.ts';
import { type OsrfMessage, statusCodeOf, statusTextOf } from './message.ts';
import { isCostly, peekOsrfMessages } from './read.ts';
import type { SkimmedMessage } from './skimmed-message.ts';
import { Skimmer } from './skimmer.ts';

/** A shorter stanza cannot be costly. */
const LONG = 100_000;

const EMPTY_SUBJECTS = ['<subject></subject>', '<subject/>'] as const;

/**
 * The messages of a stanza for an observer, without parsing their contents; none if {@link peekOsrfMessages} finds none.
 * @param longest In characters; of a longer stanza only the beginning and the end are searched.
 */
export function skimOsrfMessages(stanza: Stanza, longest: number): SkimmedMessage[] {
  if (stanza.length > longest) return glimpsedMessages(stanza);
  if (stanza.length > LONG && isCostly(stanza)) return [];
  const body = usualBody(stanza);
  const skimmed = body === '' ? null : new Skimmer(body).messages();
  return skimmed ?? peekOsrfMessages(stanza).map(skimmedOf);
}

/** The body, if it is in the position of OpenSRF's libraries, after the extension, the thread and an empty subject; else `''`. */
function usualBody({ rest, more }: Stanza): string {
  if (more.length > 0) return '';
  let start = 0;
  if (rest.startsWith('<thread>')) {
    const end = rest.indexOf('<', 8);
    if (!rest.startsWith('</thread>', end)) return '';
    start = end + 9;
  }
  for (const subject of EMPTY_SUBJECTS) if (rest.startsWith(subject, start)) start += subject.length;
  if (!rest.startsWith('<body>', start)) return '';
  const end = rest.indexOf('<', start + 6);
  if (!rest.startsWith('</body>', end)) return '';
  const text = rest.slice(start + 6, end);
  if (text.includes('\r')) return '';
  return detached(text.includes('&') ? unescapeXml(text) : text);
}

function skimmedOf(message: OsrfMessage): SkimmedMessage {
  const { type, threadTrace, locale, ingress, apiLevel, payloadClass, payload } = message;
  const { method, params, content } = payload;
  return {
    type,
    threadTrace,
    locale,
    ingress,
    apiLevel,
    payloadClass,
    method: typeof method === 'string' ? method : '',
    statusCode: statusCodeOf(message),
    status: statusTextOf(message),
    params: Array.isArray(params) ? (writeJson(params) ?? '') : '',
    content: content === undefined ? '' : (writeJson(content) ?? ''),
    leftOut: 0,
  };
}
