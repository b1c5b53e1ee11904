import { detached } from '../../shared/detach.ts';
import { isResource, MAX_PART_BYTES } from '../../shared/jid.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { ServiceNode } from '../pools/service-node.ts';
import type { RoutedSession } from '../ports/environment.ts';
import { type CommandContext, refuseCommand } from './context.ts';
import { setDraining } from './drain.ts';

/** The resource of the router's own address, so no service can have that name. */
export const ROUTER_RESOURCE = 'router';

/** Puts the sender into the pool of a class; a listener that registers again takes requests again. */
export function register(context: CommandContext, stanza: Stanza): void {
  const session = context.environment.session(stanza.origin);
  if (session === null) return;
  const reason = invalidClassName(stanza.routerClass);
  if (reason !== '') refuseCommand(context, stanza, 'bad-request', reason);
  else if (context.registry.has(stanza.routerClass, stanza.from)) setDraining(context, stanza.routerClass, stanza.from, false);
  else addListener(context, stanza, session);
}

/** Takes the sender out of the pool of a class. */
export function unregister({ registry, environment }: CommandContext, stanza: Stanza): void {
  const service = registry.classes.get(stanza.routerClass);
  const node = service?.nodes.get(stanza.from);
  if (service === undefined || node === undefined) return;
  registry.remove(service, node);
  environment.log.info({ class: service.name, listener: node.jid, listeners: service.nodes.size }, 'listener unregistered');
}

function addListener(context: CommandContext, stanza: Stanza, session: RoutedSession): void {
  const { registry, maxRegistrations, maxSessionRegistrations, environment, release } = context;
  if (registry.size >= maxRegistrations) {
    refuseCommand(context, stanza, 'resource-constraint', `this router has ${registry.size} listeners and takes no more`);
    return;
  }
  if (registry.countOf(stanza.origin.session) >= maxSessionRegistrations) {
    refuseCommand(context, stanza, 'resource-constraint', `a session may register ${maxSessionRegistrations} services`);
    return;
  }
  const className = detached(stanza.routerClass);
  const form = stanza.extensionStart === -1 ? 'attributes' : 'child';
  const { session: number, account } = stanza.origin;
  const node = new ServiceNode({ session: number, jid: stanza.from, form, since: environment.clock.wallTime(), account }, session);
  const service = registry.add(className, node);
  if (service === null) {
    refuseCommand(context, stanza, 'conflict', `a session holds the address of class ${className}`);
    return;
  }
  environment.log.info({ class: className, listener: node.jid, listeners: service.nodes.size }, 'listener registered');
  release(service);
  environment.listenersChanged(className, service.nodes);
}

/** Why a name cannot be a class's; `''` if it can. */
function invalidClassName(name: string): string {
  if (name === '') return 'router_class is empty';
  if (name === ROUTER_RESOURCE) return `the class cannot be named "${ROUTER_RESOURCE}": that is the router's own address`;
  if (!isResource(name)) return `router_class is no valid resource (1 to ${MAX_PART_BYTES} bytes, no control characters)`;
  return '';
}
