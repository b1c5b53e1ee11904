import { StanzaError } from '../shared/errors.ts';
import { parseJid } from '../shared/jid.ts';
import { FIRST_REQUEST } from '../shared/osrf-message.ts';
import type { DeliveryObserver, Endpoint, SessionEndpoint, Stanza } from '../shared/stanza.ts';
import { type CommandedRouter, Commands, reply } from './commands.ts';
import type { PeerRouter, RouterEnvironment } from './environment.ts';
import { HeldRequests } from './held-requests.ts';
import { LostRequests } from './lost-requests.ts';
import type { RouterOptions } from './options.ts';
import { answerQuery } from './queries.ts';
import { absent, errorOf, messagesOf, misleading, type Refusal, refuse, statusTo, untrusted } from './refusal.ts';
import { ROUTER_RESOURCE } from './registration.ts';
import { Registry } from './registry.ts';
import { ServiceClass, type ServiceClassOwner } from './service-class.ts';
import type { ServiceNode } from './service-node.ts';
import { senderDomain } from './trust.ts';
import type { UnansweredRequests } from './unanswered.ts';

/**
 * OpenSRF's router for one domain. It answers at `router@DOMAIN/router`, publishes a {@link ServiceClass} at
 * `router@DOMAIN/SERVICE` for each service that has a listener, and answers for all its other addresses.
 *
 * It asks whether a listener lives, and is told when one ends: nothing is learnt from bounces, and no request is lost with a listener.
 */
export class Router implements Endpoint, DeliveryObserver, PeerRouter, ServiceClassOwner, CommandedRouter {
  readonly jid: string;
  /** Requests refused, by status code. */
  readonly refusals = new Map<number, number>();
  private options: RouterOptions;
  private readonly environment: RouterEnvironment;
  private readonly registry: Registry;
  private readonly commands: Commands;
  private readonly unanswered: UnansweredRequests;
  private readonly held: HeldRequests;
  private readonly lost: LostRequests;
  /** Takes what is sent to an address of the router that nobody has: `router@DOMAIN/ABSENT`, `router@DOMAIN`. */
  private readonly elsewhere: Endpoint;
  private state: 'active' | 'suspended' = 'suspended';

  /** @param unanswered One for all routers of a server: a client has one place for its observer. */
  constructor(options: RouterOptions, environment: RouterEnvironment, unanswered: UnansweredRequests) {
    const bare = `${options.name}@${options.domain}`;
    this.jid = `${bare}/${ROUTER_RESOURCE}`;
    this.options = options;
    this.environment = environment;
    this.registry = new Registry(environment, (className) => new ServiceClass(className, this.options, environment, unanswered, this));
    this.commands = new Commands(this.registry, options.limits.registrations, environment, this);
    this.unanswered = unanswered;
    this.lost = new LostRequests(options, environment.clock, unanswered, (request, refusal) => this.refuseRequest(request, refusal));
    this.held = new HeldRequests(options.holdMs, options.limits, environment.clock, (className, request) => this.refuseRequest(request, absent(className)));
    this.elsewhere = { jid: bare, deliver: (stanza) => this.deliverElsewhere(stanza) };
  }

  /** By name, in order of registration. */
  get classes(): ReadonlyMap<string, ServiceClass> {
    return this.registry.classes;
  }

  /** Messages handed to listeners, of all classes there ever were. */
  get routed(): number {
    return this.registry.routed;
  }

  /** How many requests wait for a first listener. */
  get heldRequests(): number {
    return this.held.size;
  }

  get suspended(): boolean {
    return this.state === 'suspended';
  }

  /** Takes its addresses. Registrations made before it was suspended are in force again. */
  resume(): void {
    this.state = 'active';
    this.environment.publish(this);
    this.environment.publish(this.elsewhere);
    this.registry.publish();
  }

  /** Gives its addresses away and keeps its registrations. What waits for an answer still gets one. */
  suspend(): void {
    this.state = 'suspended';
    this.environment.withdraw(this);
    this.environment.withdraw(this.elsewhere);
    this.registry.withdraw();
  }

  /** Takes over other trusted domains without touching a registration. */
  retrust(trustedServers: ReadonlySet<string>, trustedClients: ReadonlySet<string>): void {
    this.options = { ...this.options, trustedServers, trustedClients };
    for (const service of this.classes.values()) service.trustedClients = trustedClients;
  }

  deliver(stanza: Stanza): void {
    if (stanza.name !== 'message') {
      this.environment.queried(stanza);
      return;
    }
    // The C router takes an error for a query with a body it cannot read, which comes to the same.
    if (stanza.type === 'error') return;
    if (!this.options.trustedServers.has(senderDomain(stanza))) {
      this.refuseServer(stanza);
      return;
    }
    const refusal = this.tooMuch(stanza);
    if (refusal !== null) this.environment.bounce(stanza, refusal);
    else if (stanza.routerCommand !== '') this.commands.obey(stanza);
    else this.answerQueries(stanza);
  }

  /** Why a command or query is not even read: it costs many times what it takes to send it, and so do answers that nobody takes. */
  private tooMuch(stanza: Stanza): StanzaError | null {
    const { queryBytes } = this.options.limits;
    if (stanza.length > queryBytes) return new StanzaError('policy-violation', `what a router is to read may have ${queryBytes} bytes`);
    return stanza.sender?.backlogged === true ? new StanzaError('resource-constraint', 'read what was answered before') : null;
  }

  /** While a router from outside has the address: listeners that register with it are known here when it is gone. */
  delivered(stanza: Stanza): void {
    if (stanza.name !== 'message' || stanza.type === 'error' || !this.options.trustedServers.has(senderDomain(stanza))) return;
    if (stanza.routerCommand === 'register' || stanza.routerCommand === 'unregister') this.commands.obey(stanza);
  }

  /** A session has ended. Its listener is out of all pools on return; what it did not get is handed over by the caller's outbox. */
  sessionEnded(session: SessionEndpoint): void {
    this.held.forget((request) => request.sender === session);
    this.unanswered.clientEnded(session);
    const nodes = this.registry.sessionEnded(session);
    if (nodes !== null) this.lost.settleLater(this.unanswered.filter((request) => nodes.has(request.node)));
    this.addressFreed(session.jid);
  }

  takeOver(className: string, request: Stanza): boolean {
    const service = this.classes.get(className);
    // A class that is drained would offer the request to its own peers, which may be the one who asks.
    if (service === undefined || service.drained || this.suspended || !this.options.trustedClients.has(senderDomain(request))) return false;
    service.route(request);
    return true;
  }

  withoutNode(service: ServiceClass, request: Stanza, refusal: Refusal): void {
    const current = this.classes.get(service.name);
    if (current !== undefined && current !== service) current.route(request);
    else this.holdOrRefuse(service.name, request, refusal);
  }

  refuseRequest(request: Stanza, refusal: Refusal): void {
    this.refusals.set(refusal.statusCode, (this.refusals.get(refusal.statusCode) ?? 0) + 1);
    const answers = refuse(request, refusal, this.options.absentService, this.options.limits);
    if (answers === null) this.environment.bounce(request, errorOf(refusal));
    else for (const answer of answers) this.environment.deliver(answer);
  }

  condemn(service: ServiceClass, node: ServiceNode): void {
    this.registry.remove(service, node);
    this.environment.log.warn({ class: service.name, listener: node.jid }, 'listener bounced a request and was removed');
  }

  /**
   * Stops new requests to a class, or to one of its listeners, and lets them pass again. Answers still pass.
   * @returns how many listeners that was; 0 if there is no such class or listener.
   */
  drain(className: string, listener: string, draining: boolean): number {
    const service = this.classes.get(className);
    const nodes = [...(service?.nodes.values() ?? [])].filter((node) => listener === '' || node.jid === listener);
    for (const node of nodes) service?.drainNode(node, draining);
    if (!draining && nodes.length > 0) this.available(service as ServiceClass);
    return nodes.length;
  }

  /** Hands the class what was held for it. */
  available(service: ServiceClass): void {
    for (const request of this.held.release(service.name)) service.route(request);
  }

  private deliverElsewhere(stanza: Stanza): void {
    const className = parseJid(stanza.to)?.resource ?? '';
    if (stanza.name !== 'message' || className === '') {
      this.environment.bounce(stanza, new StanzaError('service-unavailable'));
      return;
    }
    if (stanza.type === 'error') return;
    if (!this.options.trustedClients.has(senderDomain(stanza))) {
      this.environment.log.warn({ from: stanza.from, to: stanza.to, xid: stanza.transactionId }, 'refused a request from a domain that is not trusted');
      this.refuseRequest(stanza, untrusted(senderDomain(stanza)));
      return;
    }
    if (stanza.misleading) {
      this.environment.bounce(stanza, misleading());
      return;
    }
    this.holdOrRefuse(className, stanza, absent(className));
  }

  private holdOrRefuse(className: string, request: Stanza, refusal: Refusal): void {
    for (const peer of this.environment.peers()) {
      if (peer.takeOver(className, request)) return;
    }
    if (!this.held.hold(className, request)) this.refuseRequest(request, refusal);
  }

  private refuseServer(stanza: Stanza): void {
    const refusal = untrusted(senderDomain(stanza));
    this.environment.log.warn(
      { from: stanza.from, to: stanza.to, xid: stanza.transactionId },
      'refused a router command or query from a domain that is not trusted',
    );
    if (stanza.routerCommand === '') this.refuseRequest(stanza, refusal);
    else this.environment.bounce(stanza, errorOf(refusal));
  }

  private answerQueries(stanza: Stanza): void {
    const messages = messagesOf(stanza, this.options.limits);
    if (messages === null) {
      this.environment.deliver(
        statusTo(stanza, FIRST_REQUEST, { statusCode: 400, condition: 'bad-request', text: 'The body is not an array of OpenSRF messages' }),
      );
      return;
    }
    for (const message of messages) for (const body of answerQuery(this.classes, message)) this.environment.deliver(reply(stanza, body));
  }

  /** A session that held the address of a class has ended. */
  private addressFreed(jid: string): void {
    const prefix = `${this.elsewhere.jid}/`;
    if (jid.startsWith(prefix)) this.registry.addressFreed(jid.slice(prefix.length));
  }
}
