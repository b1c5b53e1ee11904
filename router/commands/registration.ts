import { detached } from '../../shared/detach.ts';
import { isResource, MAX_PART_BYTES } from '../../shared/jid.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { ServiceNode } from '../pools/service-node.ts';
import type { RoutedSession } from '../ports/environment.ts';
import { type CommandContext, refuseCommand } from './context.ts';
import { setDraining } from './drain.ts';

/** The resource of the router's own address, which no service can have as its name. */
export const ROUTER_RESOURCE = 'router';

/** Adds the sender to the pool of a class; registering again ends draining. */
export function register(context: CommandContext, stanza: Stanza): void {
  const session = context.environment.session(stanza.origin);
  if (session === null) return;
  const reason = invalidClassName(stanza.routerClass);
  if (reason !== '') refuseCommand(context, stanza, 'bad-request', reason);
  else if (context.registry.has(stanza.routerClass, stanza.from)) registerAgain(context, stanza);
  else addListener(context, stanza, session);
}

/** Removes the sender from the pool of a class. */
export function unregister(context: CommandContext, { routerClass, from }: Stanza): void {
  const node = leave(context, routerClass, from);
  if (node !== null) context.environment.announcer?.left(routerClass, from, node.session);
}

/**
 * Adds a listener to a class.
 * @param isApplied Whether another member of the cluster has added it.
 * @returns false if a session holds the address of the class.
 */
export function enter(context: CommandContext, className: string, node: ServiceNode, isApplied: boolean): boolean {
  const { registry, environment, watch, release } = context;
  const older = registry.classes.get(className)?.newestOf(node.program) ?? null;
  const service = registry.add(className, node, isApplied);
  if (service === null) return false;
  environment.log.info({ class: className, listener: node.jid, listeners: service.nodes.size }, 'listener registered');
  if (older !== null) watch.registered(service, older);
  if (!node.draining) release(service);
  environment.listenersChanged(className, service.nodes);
  return true;
}

/** Removes a listener from a class. @returns it; null if it is not there. */
export function leave({ registry, watch, environment }: CommandContext, className: string, jid: string): ServiceNode | null {
  const service = registry.classes.get(className);
  const node = service?.nodes.get(jid);
  if (service === undefined || node === undefined) return null;
  registry.remove(service, node);
  watch.left(node);
  environment.log.info({ class: className, listener: jid, listeners: service.nodes.size }, 'listener unregistered');
  return node;
}

function registerAgain(context: CommandContext, { routerClass: className, from }: Stanza): void {
  const node = context.registry.classes.get(className)?.nodes.get(from);
  if (node === undefined) return;
  context.watch.registeredAgain(node);
  setDraining(context, className, from, false, null);
  context.environment.announcer?.joined(className, node, node.session);
}

function addListener(context: CommandContext, stanza: Stanza, session: RoutedSession): void {
  const { registry, maxRegistrations, maxSessionRegistrations, environment } = context;
  if (registry.size >= maxRegistrations) {
    refuseCommand(context, stanza, 'resource-constraint', `this router has reached its limit of ${registry.size} listeners`);
    return;
  }
  if (registry.countOf(stanza.origin.session) >= maxSessionRegistrations) {
    refuseCommand(context, stanza, 'resource-constraint', `a session may register at most ${maxSessionRegistrations} services`);
    return;
  }
  const className = detached(stanza.routerClass);
  const form = stanza.extensionStart === -1 ? 'attributes' : 'child';
  const { session: number, account } = stanza.origin;
  const node = new ServiceNode({ session: number, jid: stanza.from, form, since: environment.clock.wallTime(), account }, session);
  if (enter(context, className, node, false)) environment.announcer?.joined(className, node, number);
  else refuseCommand(context, stanza, 'conflict', `a session holds the address of class ${className}`);
}

/** The reason why a class name is invalid, or `''`. */
export function invalidClassName(name: string): string {
  if (name === '') return 'router_class is empty';
  if (name === ROUTER_RESOURCE) return `the class cannot be named "${ROUTER_RESOURCE}": that is the router's own address`;
  if (!isResource(name)) return `router_class is not a valid resource (1 to ${MAX_PART_BYTES} bytes, no control characters)`;
  return '';
}
