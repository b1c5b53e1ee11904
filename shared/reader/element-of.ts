import type { Element } from '../element.ts';
import { StreamError } from '../errors.ts';
import { NS } from '../namespaces.ts';
import type { Stanza } from '../stanza.ts';
import { type NegotiationReceiver, OWN_LIMITS } from './stream-receiver.ts';
import { StrictReader } from './strict-reader.ts';
import { widthOf } from './width.ts';

const HEADER = `<stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`;

/**
 * Reads a stanza as a tree, from its pieces. The time grows with the stanza's length.
 * @returns null if it is nested too deeply.
 */
export function elementOf(stanza: Stanza): Element | null {
  let element: Element | null = null;
  const receiver: NegotiationReceiver = {
    reads: 'elements',
    headerRead: () => {},
    elementRead: (read) => {
      element = read;
    },
    footerRead: () => {},
  };
  const reader = new StrictReader(receiver, OWN_LIMITS);
  try {
    for (const piece of [HEADER, stanza.startTag(), stanza.head, stanza.rest, ...stanza.more]) reader.write(piece, widthOf(piece));
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
  }
  return element;
}
