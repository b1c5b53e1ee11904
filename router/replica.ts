import { detached } from '../shared/detach.ts';
import type { Origin } from '../shared/origin.ts';
import type { CommandContext } from './commands/context.ts';
import { setDraining } from './commands/drain.ts';
import { enter, invalidClassName, leave } from './commands/registration.ts';
import { ServiceNode, SUSPICION_REASONS } from './pools/service-node.ts';
import type { Listener } from './ports/announcer.ts';
import type { RoutedSession } from './ports/environment.ts';
import { type ListenerCounts, ReportedCounts } from './reported-counts.ts';
import type { Requests } from './requests.ts';

/** Applies to a router the changes that another member of the cluster has announced. Repeated ones have no effect. It announces only those of own listeners, see {@link Announcer}. */
export class Replica {
  private readonly context: CommandContext;
  private readonly requests: Requests;
  private readonly counts: ReportedCounts;

  constructor(context: CommandContext, requests: Requests) {
    this.context = context;
    this.requests = requests;
    this.counts = new ReportedCounts(context.registry, context.watch);
  }

  /** All listeners by class, for a member that joins. */
  *listeners(): Iterable<[className: string, listener: ServiceNode]> {
    for (const { name, nodes } of this.context.registry.classes.values()) for (const node of nodes.values()) yield [name, node];
  }

  /**
   * Adds a listener. The limits of registrations do not apply, because the other member has enforced them.
   * @param session Its session: a remote one, if it is not here.
   * @returns false if the name of the class is invalid.
   */
  join(className: string, listener: Listener, session: RoutedSession & { readonly origin: Origin }): boolean {
    const { environment } = this.context;
    const { jid } = listener;
    const reason = invalidClassName(className);
    if (reason !== '') {
      environment.log.warn({ class: className, listener: jid, reason }, 'refused a listener of another member');
      return false;
    }
    const node = this.known(className, listener, session) ?? this.enter(detached(className), listener, session);
    if (node.local) environment.announcer?.joined(className, node, node.session);
    return true;
  }

  /** Removes a listener. */
  leave(className: string, jid: string): void {
    const node = leave(this.context, className, jid);
    if (node?.local) this.context.environment.announcer?.left(className, jid, node.session);
  }

  /** Stops or resumes new requests to a listener. */
  drain(className: string, jid: string, draining: boolean): void {
    setDraining(this.context, className, jid, draining, null);
    const node = this.context.registry.classes.get(className)?.nodes.get(jid);
    if (node?.local) this.context.environment.announcer?.drained(className, jid, node.session, draining);
  }

  /** Removes a listener that has bounced a request on that thread, and hands the request to another one if it is in this member's ledger. */
  bounced(className: string, jid: string, thread: string): void {
    const node = this.requests.bounced(className, jid, thread);
    if (node?.local) this.context.environment.announcer?.bounced(className, jid, node.session, thread);
  }

  /** Applies the judgement of a listener's own member. @param reason A {@link SuspicionReason}; `''`: it is no suspect. */
  suspect(className: string, jid: string, reason: string): void {
    const service = this.context.registry.classes.get(className);
    const node = service?.nodes.get(jid);
    if (service === undefined || node === undefined || node.local) return;
    // A later version may have other reasons.
    const known = SUSPICION_REASONS.find((one) => one === reason) ?? 'silent';
    this.context.watch.apply(service, node, reason === '' ? null : known);
  }

  /** Replaces the counts that another member has reported; none removes them. */
  counted(member: string, listeners: Iterable<ListenerCounts>): void {
    this.counts.replace(member, listeners);
  }

  /** The listener with the state that its session has announced again; null if it is new. */
  private known(className: string, { jid, draining }: Listener, { origin }: { readonly origin: Origin }): ServiceNode | null {
    const node = this.context.registry.classes.get(className)?.nodes.get(jid);
    if (node === undefined) return null;
    if (node.session !== origin.session) {
      // An earlier session had the same address.
      leave(this.context, className, jid);
      return null;
    }
    this.context.watch.registeredAgain(node);
    setDraining(this.context, className, jid, draining, null);
    return node;
  }

  private enter(className: string, { jid, form, since, draining }: Listener, session: RoutedSession & { readonly origin: Origin }): ServiceNode {
    const { session: number, account } = session.origin;
    const node = new ServiceNode({ session: number, jid: jid === session.jid ? session.jid : detached(jid), form, since, account }, session);
    node.draining = draining;
    enter(this.context, className, node, true);
    this.counts.joined(className, node);
    return node;
  }
}
