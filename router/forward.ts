import { removeRouterFrom, stampRouterFrom } from '../shared/extension.ts';
import { addressesOf, Stanza } from '../shared/stanza.ts';
import type { ServiceNode } from './pools/service-node.ts';

/** Makes the request for a listener: from the class, with the real sender in `router_from`. @param returnPath Its number in the ledger. */
export function forwarded(original: Stanza, classJid: string, node: ServiceNode, returnPath: number): Stanza {
  const stanza = copyOf(original, node.jid, classJid);
  stanza.returnPath = returnPath;
  node.addresses ??= addressesOf(node.jid, classJid);
  stanza.known = node.addresses;
  stampRouterFrom(stanza, original.from, node.form);
  return stanza;
}

/** Restores the client's request from a forwarded one. */
export function unforwarded(stanza: Stanza): Stanza {
  const original = copyOf(stanza, stanza.from, stanza.routerFrom);
  removeRouterFrom(original);
  return original;
}

function copyOf(stanza: Stanza, to: string, from: string): Stanza {
  const copy = new Stanza('message', to, from, stanza.type, stanza.id);
  copy.otherAttributes = stanza.otherAttributes;
  copy.head = stanza.head;
  copy.rest = stanza.rest;
  copy.more = stanza.more;
  copy.extensionStart = stanza.extensionStart;
  copy.extensionOnStartTag = stanza.extensionOnStartTag;
  copy.transactionId = stanza.transactionId;
  copy.thread = stanza.thread;
  copy.origin = stanza.origin;
  copy.isAscii = stanza.isAscii;
  return copy;
}
