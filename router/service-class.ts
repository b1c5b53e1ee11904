import { StanzaError } from '../shared/errors.ts';
import { stampRouterFrom } from '../shared/extension.ts';
import { type Endpoint, Stanza } from '../shared/stanza.ts';
import { type Balance, createBalance } from './balance.ts';
import type { RouterEnvironment } from './environment.ts';
import type { RouterOptions } from './options.ts';
import { drained, listenerLost, misleading, type Refusal, untrusted } from './refusal.ts';
import { type RequestOwner, RoutedRequest } from './routed-request.ts';
import type { ServiceNode } from './service-node.ts';
import { senderDomain } from './trust.ts';
import type { UnansweredRequests } from './unanswered.ts';

/** What a class leaves to its router. */
export interface ServiceClassOwner {
  /** There is no node that could take the request. */
  withoutNode(service: ServiceClass, request: Stanza, refusal: Refusal): void;
  /** Nobody gets the request, and its sender is told so. */
  refuseRequest(request: Stanza, refusal: Refusal): void;
  /** A node has proven dead by bouncing a request. */
  condemn(service: ServiceClass, node: ServiceNode): void;
}

/** One OpenSRF service as the router knows it: its well-known address, `router@DOMAIN/SERVICE`, and its pool of listeners. */
export class ServiceClass implements Endpoint, RequestOwner {
  readonly name: string;
  readonly jid: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** By address, in order of registration. */
  readonly nodes = new Map<string, ServiceNode>();
  /** Messages handed to all nodes it ever had. */
  count = 0;
  trustedClients: ReadonlySet<string>;
  private readonly balance: Balance;
  private readonly environment: RouterEnvironment;
  private readonly unanswered: UnansweredRequests;
  private readonly owner: ServiceClassOwner;

  constructor(name: string, options: RouterOptions, environment: RouterEnvironment, unanswered: UnansweredRequests, owner: ServiceClassOwner) {
    this.name = name;
    this.jid = `${options.name}@${options.domain}/${name}`;
    this.since = environment.clock.wallTime();
    this.trustedClients = options.trustedClients;
    this.balance = createBalance(options.balance);
    this.environment = environment;
    this.unanswered = unanswered;
    this.owner = owner;
  }

  /** Whether none of its nodes takes new requests. */
  get drained(): boolean {
    for (const node of this.nodes.values()) if (!node.draining) return false;
    return true;
  }

  addNode(node: ServiceNode): void {
    this.nodes.set(node.jid, node);
    this.balance.add(node);
  }

  removeNode(node: ServiceNode): void {
    this.nodes.delete(node.jid);
    this.balance.remove(node);
  }

  /** Stops (or lets pass again) new requests to a node that stays registered. */
  drainNode(node: ServiceNode, draining: boolean): void {
    if (node.draining === draining) return;
    node.draining = draining;
    if (draining) this.balance.remove(node);
    else this.balance.add(node);
  }

  unansweredChanged(node: ServiceNode, before: number): void {
    this.balance.unansweredChanged(node, before);
  }

  deliver(stanza: Stanza): void {
    if (stanza.name !== 'message') {
      this.environment.bounce(stanza, new StanzaError('service-unavailable'));
      return;
    }
    if (stanza.type === 'error') {
      this.bounced(stanza);
      return;
    }
    if (!this.trustedClients.has(senderDomain(stanza))) {
      this.refuseUntrusted(stanza);
      return;
    }
    if (stanza.misleading) {
      this.environment.bounce(stanza, misleading());
      return;
    }
    this.route(stanza);
  }

  /** Hands a request to the next node. Its sender is trusted. */
  route(request: Stanza): void {
    this.routeOr(request, drained, 0);
  }

  /** A listener's session ended with the request unwritten: nobody has seen it, so the next node may have it. */
  unsent(request: RoutedRequest): void {
    this.unanswered.remove(request);
    this.routeOr(request.original, listenerLost, request.losses);
  }

  /** @param refusal Made only where it is needed: this is the way of every request. */
  private routeOr(request: Stanza, refusal: (className: string) => Refusal, losses: number): void {
    const node = this.balance.next();
    if (node === null) {
      this.owner.withoutNode(this, request, refusal(this.name));
      return;
    }
    const routed = new RoutedRequest(this, request, node, losses);
    node.count++;
    this.count++;
    this.unanswered.add(routed);
    node.session.deliver(this.forwarded(routed));
  }

  /** The request as the listener gets it: from the class, with the real sender in `router_from`. */
  private forwarded(routed: RoutedRequest): Stanza {
    const { original, node } = routed;
    const stanza = new Stanza('message', node.jid, this.jid, original.type, original.id);
    stanza.otherAttributes = original.otherAttributes;
    stanza.head = original.head;
    stanza.rest = original.rest;
    stanza.more = original.more;
    stanza.extensionStart = original.extensionStart;
    stanza.legacyExtension = original.legacyExtension;
    stanza.transactionId = original.transactionId;
    stanza.thread = original.thread;
    stanza.forwarder = routed;
    stampRouterFrom(stanza, original.from, node.form);
    return stanza;
  }

  // A listener that is no session of this server, or a client that refuses by itself: the request comes back as an error.
  private bounced(stanza: Stanza): void {
    const node = this.nodes.get(stanza.from);
    if (node === undefined) return;
    const [request] = this.unanswered.filter((one) => one.node === node && one.original.thread === stanza.thread);
    this.owner.condemn(this, node);
    if (request !== undefined) this.unsent(request);
  }

  private refuseUntrusted(stanza: Stanza): void {
    const domain = senderDomain(stanza);
    this.environment.log.warn({ from: stanza.from, to: stanza.to, xid: stanza.transactionId }, 'refused a request from a domain that is not trusted');
    this.owner.refuseRequest(stanza, untrusted(domain));
  }
}
