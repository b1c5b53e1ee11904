import { type Element, xml } from '../../shared/element.ts';
import { StanzaError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';

/** Something one can address (XEP-0030 §4). */
export interface HostItem {
  readonly jid: string;
  /** For a person. */
  readonly name: string;
}

/** What somebody is (XEP-0030 §3.1); a name of `''` is left out. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name: string;
}

/** XEP-0030 §3 */
export function discoInfo(query: Element, identity: Identity, features: readonly string[]): string | StanzaError {
  if (query.attributes.has('node')) return noSuchNode();
  return xml('query', { xmlns: NS.discoInfo }, xml('identity', { ...identity }), ...features.map((feature) => xml('feature', { var: feature })));
}

/** XEP-0030 §4 */
export function discoItems(query: Element, items: readonly HostItem[]): string | StanzaError {
  if (query.attributes.has('node')) return noSuchNode();
  return xml('query', { xmlns: NS.discoItems }, ...items.map((item) => xml('item', { ...item })));
}

function noSuchNode(): StanzaError {
  return new StanzaError('item-not-found', 'there are no nodes here');
}
