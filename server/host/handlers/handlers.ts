import { discovery } from './disco.ts';
import type { IqHandler } from './handler.ts';
import { LAST_ACTIVITY } from './last-activity.ts';
import { PING } from './ping.ts';
import { ROSTER_GET, ROSTER_SET } from './roster.ts';
import { SESSION } from './session.ts';
import { ENTITY_TIME } from './time.ts';
import { SOFTWARE_VERSION } from './version.ts';

/** What answers an iq, by its type and the namespace of its payload. */
export type IqHandlers = ReadonlyMap<string, IqHandler>;

/** The key of {@link IqHandlers}. */
export function handlerKey(type: string, namespace: string): string {
  return `${type} ${namespace}`;
}

/** What the disco items of a host call its router. */
export const ROUTER_NAME = 'OpenSRF router';

/** What a host answers for itself, and lists as its features. */
const HOST_FEATURES = [PING, SOFTWARE_VERSION, ENTITY_TIME, LAST_ACTIVITY];

/** A host. */
export const HOST_HANDLERS: IqHandlers = tableOf(
  ...HOST_FEATURES,
  SESSION,
  ...discovery({ category: 'server', type: 'im', name: 'opensrf-chopchop' }, namespacesOf(HOST_FEATURES), ({ domain, facts }) => facts.items(domain)),
);

/** An account, on whose behalf its host answers its own sessions (RFC 6121 §8.5.2.1.3). */
export const ACCOUNT_HANDLERS: IqHandlers = tableOf(
  PING,
  ROSTER_GET,
  ROSTER_SET,
  SESSION,
  ...discovery({ category: 'account', type: 'registered', name: '' }, namespacesOf([PING]), () => []),
);

/** A router, which its host lists among its items (XEP-0030 §4.1: an item can be queried in its turn). */
export const ROUTER_HANDLERS: IqHandlers = tableOf(...discovery({ category: 'component', type: 'generic', name: ROUTER_NAME }, [], () => []));

function tableOf(...handlers: readonly IqHandler[]): IqHandlers {
  return new Map(handlers.map((handler) => [handlerKey(handler.type, handler.namespace), handler]));
}

function namespacesOf(handlers: readonly IqHandler[]): string[] {
  return handlers.map(({ namespace }) => namespace);
}
