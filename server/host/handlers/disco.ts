import { type Element, xml } from '../../../shared/element.ts';
import { StanzaError } from '../../../shared/errors.ts';
import { NS } from '../../../shared/namespaces.ts';
import type { HostItem, IqAnswer, IqHandler, IqRequest } from './handler.ts';

/** An identity of service discovery (XEP-0030 §3.1); an empty name is omitted. */
export interface Identity {
  readonly category: string;
  readonly type: string;
  readonly name: string;
}

/**
 * Service discovery (XEP-0030) of an entity.
 * @param features Namespaces of its other protocols.
 * @param items Its items.
 */
export function discovery(identity: Identity, features: readonly string[], items: (request: IqRequest) => readonly HostItem[]): IqHandler[] {
  const all = [NS.discoInfo, NS.discoItems, ...features];
  return [
    { type: 'get', namespace: NS.discoInfo, handle: ({ payload }) => info(payload, identity, all) },
    { type: 'get', namespace: NS.discoItems, handle: (request) => itemList(request.payload, items(request)) },
  ];
}

function info(query: Element, identity: Identity, features: readonly string[]): IqAnswer {
  if (query.attributes.has('node')) return noSuchNode();
  return xml('query', { xmlns: NS.discoInfo }, xml('identity', { ...identity }), ...features.map((feature) => xml('feature', { var: feature })));
}

function itemList(query: Element, items: readonly HostItem[]): IqAnswer {
  if (query.attributes.has('node')) return noSuchNode();
  return xml('query', { xmlns: NS.discoItems }, ...items.map((item) => xml('item', { ...item })));
}

function noSuchNode(): StanzaError {
  return new StanzaError('item-not-found', 'this entity has no nodes');
}
