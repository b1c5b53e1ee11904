import { StanzaError } from '../../shared/errors.ts';
import { bodyText } from '../../shared/osrf/read.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { Announcer } from '../ports/announcer.ts';
import { type CommandContext, reply } from './context.ts';

/** Stops new requests to a class, or to the listener that the body names. For router accounts only. */
export function drain(context: CommandContext, stanza: Stanza): void {
  drainOrResume(context, stanza, true);
}

/** Resumes new requests. */
export function resume(context: CommandContext, stanza: Stanza): void {
  drainOrResume(context, stanza, false);
}

/**
 * Stops or resumes new requests to the listeners of a class. Answers still pass.
 * @param listener `''`: all of them. @param announcer Null: another member of the cluster has announced it.
 * @returns the number of affected listeners; 0 if there is no such class or listener.
 */
export function setDraining(
  { registry, release }: Pick<CommandContext, 'registry' | 'release'>,
  className: string,
  listener: string,
  draining: boolean,
  announcer: Announcer | null,
): number {
  const service = registry.classes.get(className);
  const nodes = [...(service?.nodes.values() ?? [])].filter((node) => listener === '' || node.jid === listener);
  for (const node of nodes) if (service?.drain(node, draining)) announcer?.drained(className, node.jid, node.session, draining);
  if (!draining && nodes.length > 0) release(service as ServiceClass);
  return nodes.length;
}

function drainOrResume(context: CommandContext, stanza: Stanza, draining: boolean): void {
  const { environment } = context;
  const { routerClass: className, from: by } = stanza;
  if (!stanza.origin.isRouterAccount) {
    environment.bounce(stanza, new StanzaError('forbidden', 'only a router account may drain a service'));
    return;
  }
  const listener = bodyText(stanza).trim();
  const listeners = setDraining(context, className, listener, draining, environment.announcer);
  if (listeners === 0) {
    environment.bounce(stanza, new StanzaError('item-not-found', `no such listener of class ${className}`));
    return;
  }
  environment.log.info({ class: className, listener, by, listeners }, draining ? 'draining' : 'draining ended');
  environment.deliver(reply(stanza, String(listeners)));
}
