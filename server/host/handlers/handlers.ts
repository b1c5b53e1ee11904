import { discovery } from './disco.ts';
import type { IqHandler } from './handler.ts';
import { LAST_ACTIVITY } from './last-activity.ts';
import { PING } from './ping.ts';
import { ROSTER_GET, ROSTER_SET } from './roster.ts';
import { SESSION } from './session.ts';
import { ENTITY_TIME } from './time.ts';
import { SOFTWARE_VERSION } from './version.ts';

/** Handlers by the type of an iq and the namespace of its payload. */
export type IqHandlers = ReadonlyMap<string, IqHandler>;

/** The key of {@link IqHandlers}. */
export function handlerKey(type: string, namespace: string): string {
  return `${type} ${namespace}`;
}

/** The name of a router in the disco items of its host. */
export const ROUTER_NAME = 'OpenSRF router';

/** The features of a host. */
const HOST_FEATURES = [PING, SOFTWARE_VERSION, ENTITY_TIME, LAST_ACTIVITY];

/** The handlers of a host. */
export const HOST_HANDLERS: IqHandlers = tableOf(
  ...HOST_FEATURES,
  SESSION,
  ...discovery({ category: 'server', type: 'im', name: 'opensrf-chopchop' }, namespacesOf(HOST_FEATURES), ({ domain, facts }) => facts.items(domain)),
);

/** The handlers of an account, for its own sessions; the host answers on its behalf (RFC 6121 §8.5.2.1.3). */
export const ACCOUNT_HANDLERS: IqHandlers = tableOf(
  PING,
  ROSTER_GET,
  ROSTER_SET,
  SESSION,
  ...discovery({ category: 'account', type: 'registered', name: '' }, namespacesOf([PING]), () => []),
);

/** The handlers of a router, which is an item of its host and answers disco itself (XEP-0030 §4.1). */
export const ROUTER_HANDLERS: IqHandlers = tableOf(...discovery({ category: 'component', type: 'generic', name: ROUTER_NAME }, [], () => []));

function tableOf(...handlers: readonly IqHandler[]): IqHandlers {
  return new Map(handlers.map((handler) => [handlerKey(handler.type, handler.namespace), handler]));
}

function namespacesOf(handlers: readonly IqHandler[]): string[] {
  return handlers.map(({ namespace }) => namespace);
}
