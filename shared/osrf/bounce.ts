import type { StanzaError } from '../errors.ts';
import { extensionTag } from '../extension.ts';
import { Stanza } from '../stanza.ts';
import { escapeText } from '../xml.ts';
import { FIRST_REQUEST, statusBody } from './write.ts';

/** Whether the stanza may be answered with an error: errors never are (RFC 6120 §8.3.1), nor answers, nor presence. */
export function mayBounce(stanza: Stanza): boolean {
  if (stanza.type === 'error' || stanza.from === '') return false;
  return stanza.name === 'message' || (stanza.name === 'iq' && stanza.type !== 'result');
}

/**
 * The bounce of a stanza to its sender, with its content and an `<error>` after it; null if its type allows no answer.
 *
 * Every part is needed by some OpenSRF library: `type='error'` by Perl, the body and `<error type>` by C, the thread by both,
 * the integer `code` by C up to 3.2, and `from` exactly as the sender wrote it by the C client, which otherwise
 * resends it forever.
 */
export function bounce(stanza: Stanza, error: StanzaError): Stanza | null {
  // A client would misread a nested stanza in a bounce too.
  if (stanza.hasNestedStanza) return bounceWithoutContent(stanza, error);
  const endTag = stanza.inner.lastIndexOf('</');
  return bounceWith(endTag === -1 ? '' : stanza.inner.slice(0, endTag), stanza, error);
}

/**
 * The bounce of a stanza whose content cannot be returned. A body with one STATUS replaces the content: without a body,
 * OpenSRF's C library does not see the error.
 */
export function bounceWithoutContent(stanza: Stanza, error: StanzaError): Stanza | null {
  const extension = stanza.extensionStart === -1 ? '' : extensionTag('', '', '', stanza.transactionId);
  const thread = stanza.thread === '' ? '' : `<thread>${stanza.thread}</thread>`;
  const status = statusBody(FIRST_REQUEST, 'osrfStatus', error.text, error.code);
  return bounceWith(stanza.name === 'message' ? `${extension}${thread}<body>${escapeText(status)}</body>` : '', stanza, error);
}

function bounceWith(children: string, stanza: Stanza, error: StanzaError): Stanza | null {
  if (!mayBounce(stanza)) return null;
  const answer = new Stanza(stanza.name, stanza.from, stanza.to, 'error', stanza.id);
  answer.otherAttributes = stanza.otherAttributes;
  answer.inner = `${children}${error.toXml()}</${stanza.name}>`;
  answer.thread = stanza.thread;
  answer.transactionId = stanza.transactionId;
  return answer;
}
