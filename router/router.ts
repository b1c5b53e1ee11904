import { bounce } from '../shared/bounce.ts';
import { StanzaError } from '../shared/errors.ts';
import { extensionForm } from '../shared/extension.ts';
import { parseJid } from '../shared/jid.ts';
import { FIRST_REQUEST, osrfStanza } from '../shared/osrf-message.ts';
import type { DeliveryObserver, Endpoint, SessionEndpoint, Stanza } from '../shared/stanza.ts';
import type { PeerRouter, RouterEnvironment } from './environment.ts';
import { HeldRequests } from './held-requests.ts';
import type { RouterOptions } from './options.ts';
import { answerOldQuery, answerQuery } from './queries.ts';
import { absent, listenerLost, messagesOf, type Refusal, refuse, refuseMisleading, statusTo, untrusted } from './refusal.ts';
import { parseCommand, ROUTER_RESOURCE, type RouterCommand } from './registration.ts';
import type { RoutedRequest } from './routed-request.ts';
import { ServiceClass, type ServiceClassOwner } from './service-class.ts';
import { ServiceNode } from './service-node.ts';
import { SessionNodes } from './session-nodes.ts';
import { senderDomain } from './trust.ts';
import type { UnansweredRequests } from './unanswered.ts';

/** A request that outlived so many listeners more than its first is not handed to another: it may be what ended them. */
const MAX_REROUTES = 2;

/**
 * OpenSRF's router for one domain. It answers at `router@DOMAIN/router`, publishes a {@link ServiceClass} at
 * `router@DOMAIN/SERVICE` for each service that has a listener, and answers for all its other addresses.
 *
 * It asks whether a listener lives, and is told when one ends: nothing is learnt from bounces, and no request is lost with a listener.
 */
export class Router implements Endpoint, DeliveryObserver, PeerRouter, ServiceClassOwner {
  readonly jid: string;
  /** By name, in order of registration. */
  readonly classes = new Map<string, ServiceClass>();
  private readonly nodes = new Map<SessionEndpoint, SessionNodes>();
  /** How many nodes are in the pools of all classes. */
  private registrations = 0;
  /** Requests refused, by status code. */
  readonly refusals = new Map<number, number>();
  /** What classes that are no more have counted. */
  private routedBefore = 0;
  private options: RouterOptions;
  private readonly environment: RouterEnvironment;
  private readonly unanswered: UnansweredRequests;
  private readonly held: HeldRequests;
  /** Takes what is sent to an address of the router that nobody has: `router@DOMAIN/ABSENT`, `router@DOMAIN`. */
  private readonly elsewhere: Endpoint;
  private state: 'active' | 'suspended' = 'suspended';

  /** @param unanswered One for all routers of a server: a client has one place for its observer. */
  constructor(options: RouterOptions, environment: RouterEnvironment, unanswered: UnansweredRequests) {
    const bare = `${options.name}@${options.domain}`;
    this.jid = `${bare}/${ROUTER_RESOURCE}`;
    this.options = options;
    this.environment = environment;
    this.unanswered = unanswered;
    this.held = new HeldRequests(options.holdMs, options.limits, environment.clock, (className, request) => this.refuseRequest(request, absent(className)));
    this.elsewhere = { jid: bare, deliver: (stanza) => this.deliverElsewhere(stanza) };
  }

  /** Messages handed to listeners, of all classes there ever were. */
  get routed(): number {
    let sum = this.routedBefore;
    for (const service of this.classes.values()) sum += service.count;
    return sum;
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
    for (const service of this.classes.values()) this.environment.publish(service);
  }

  /** Gives its addresses away and keeps its registrations. What waits for an answer still gets one. */
  suspend(): void {
    this.state = 'suspended';
    this.environment.withdraw(this);
    this.environment.withdraw(this.elsewhere);
    for (const service of this.classes.values()) this.environment.withdraw(service);
  }

  /** Takes over other trusted domains without touching a registration. */
  retrust(trustedServers: ReadonlySet<string>, trustedClients: ReadonlySet<string>): void {
    this.options = { ...this.options, trustedServers, trustedClients };
    for (const service of this.classes.values()) service.trustedClients = trustedClients;
  }

  deliver(stanza: Stanza): void {
    if (stanza.name !== 'message') {
      this.send(bounce(stanza, new StanzaError('service-unavailable')));
      return;
    }
    // The C router takes an error for a query with a body it cannot read, which comes to the same.
    if (stanza.type === 'error') return;
    if (!this.options.trustedServers.has(senderDomain(stanza))) {
      this.refuseServer(stanza);
      return;
    }
    const refusal = this.tooMuch(stanza);
    if (refusal !== null) this.send(bounce(stanza, refusal));
    else if (stanza.routerCommand !== '') this.obey(stanza, parseCommand(stanza));
    else this.answerQueries(stanza);
  }

  /** Why a command or query is not even read: it costs many times what it takes to send it, and so do answers that nobody takes. */
  private tooMuch(stanza: Stanza): StanzaError | null {
    const { queryBytes } = this.options.limits;
    if (stanza.inner.length > queryBytes) return new StanzaError('policy-violation', `what a router is to read may have ${queryBytes} bytes`);
    return stanza.sender?.backlogged === true ? new StanzaError('resource-constraint', 'read what was answered before') : null;
  }

  /** While a router from outside has the address: listeners that register with it are known here when it is gone. */
  delivered(stanza: Stanza): void {
    if (stanza.name !== 'message' || stanza.type === 'error' || !this.options.trustedServers.has(senderDomain(stanza))) return;
    if (stanza.routerCommand === 'register' || stanza.routerCommand === 'unregister') this.obey(stanza, parseCommand(stanza));
  }

  /** A session has ended. Its listener is out of all pools on return; what it did not get is handed over by the caller's outbox. */
  sessionEnded(session: SessionEndpoint): void {
    this.held.forget((request) => request.sender === session);
    this.unanswered.clientEnded(session);
    const nodes = this.nodes.get(session);
    if (nodes !== undefined) this.listenerEnded(session, nodes);
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
    for (const answer of refuse(request, refusal, this.options.absentService, this.options.limits)) this.environment.deliver(answer);
  }

  condemn(service: ServiceClass, node: ServiceNode): void {
    this.removeNode(service, node);
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
    if (!draining && nodes.length > 0) this.releaseHeld(service as ServiceClass);
    return nodes.length;
  }

  private obey(stanza: Stanza, command: RouterCommand): void {
    switch (command.kind) {
      case 'register':
        this.register(stanza, command.className, command.form);
        return;
      case 'unregister':
        this.unregister(stanza, command.className);
        return;
      case 'drain':
      case 'resume':
        this.drainByCommand(stanza, command.className, command.node, command.kind === 'drain');
        return;
      case 'query':
        this.answerOldQuery(stanza, command.subject);
        return;
      case 'invalid':
        this.environment.log.warn(
          { from: stanza.from, class: stanza.routerClass, reason: command.reason, xid: stanza.transactionId },
          'refused a router command',
        );
        this.send(bounce(stanza, new StanzaError('bad-request', command.reason)));
        return;
    }
  }

  private register(stanza: Stanza, className: string, form: ServiceNode['form']): void {
    const session = stanza.sender;
    if (session === null) return;
    if (this.registrations >= this.options.limits.registrations && this.classes.get(className)?.nodes.has(stanza.from) !== true) {
      this.environment.log.warn({ from: stanza.from, class: className, registrations: this.registrations }, 'refused a registration: there are too many');
      this.send(bounce(stanza, new StanzaError('resource-constraint', `this router has ${this.registrations} listeners and takes no more`)));
      return;
    }
    const service = this.classes.get(className) ?? this.createClass(className);
    if (service === null) {
      this.environment.log.warn(
        { from: stanza.from, class: className, xid: stanza.transactionId },
        'refused a registration: a session has the address of the class',
      );
      this.send(bounce(stanza, new StanzaError('conflict', `the address of class ${className} is taken`)));
      return;
    }
    if (service.nodes.has(stanza.from)) {
      this.drain(className, stanza.from, false);
      return;
    }
    const node = new ServiceNode(session, stanza.from, form, this.environment.clock.now());
    service.addNode(node);
    this.registrations++;
    this.nodesOf(session).add(node, service);
    this.environment.log.info({ class: className, listener: node.jid, listeners: service.nodes.size }, 'listener registered');
    this.releaseHeld(service);
    this.environment.listenersChanged(className, service.nodes);
  }

  private createClass(className: string): ServiceClass | null {
    const service = new ServiceClass(className, this.options, this.environment, this.unanswered, this);
    if (!this.suspended && !this.environment.publish(service)) return null;
    this.classes.set(className, service);
    return service;
  }

  private unregister(stanza: Stanza, className: string): void {
    const service = this.classes.get(className);
    const node = service?.nodes.get(stanza.from);
    if (service === undefined || node === undefined) return;
    this.removeNode(service, node);
    this.environment.log.info({ class: className, listener: node.jid, listeners: service.nodes.size }, 'listener unregistered');
  }

  private drainByCommand(stanza: Stanza, className: string, listener: string, draining: boolean): void {
    if (stanza.sender?.privileged !== true) {
      this.send(bounce(stanza, new StanzaError('forbidden', 'only a router account may drain a service')));
      return;
    }
    const count = this.drain(className, listener, draining);
    if (count === 0) {
      this.send(bounce(stanza, new StanzaError('item-not-found', `no such listener of class ${className}`)));
      return;
    }
    this.environment.log.info({ class: className, listener, by: stanza.from, listeners: count }, draining ? 'draining' : 'draining ended');
    this.reply(stanza, String(count));
  }

  private listenerEnded(session: SessionEndpoint, nodes: SessionNodes): void {
    this.nodes.delete(session);
    for (const [node, service] of nodes.inPool()) {
      this.removeNode(service, node);
      this.environment.log.info({ class: service.name, listener: node.jid, listeners: service.nodes.size }, 'listener left: its session has ended');
    }
    this.settleLater(this.unanswered.filter((request) => nodes.has(request.node)));
  }

  /** Gives workers the grace to answer for a lost listener, then acts by the policy on what is open still. */
  private settleLater(requests: RoutedRequest[]): void {
    const { onListenerLoss, lossGraceMs } = this.options;
    if (requests.length === 0) return;
    if (onListenerLoss === 'ignore') {
      for (const request of requests) this.unanswered.remove(request);
      return;
    }
    this.environment.clock.after(lossGraceMs, () => {
      for (const request of requests) if (request.open) this.settle(request);
    });
  }

  private settle(request: RoutedRequest): void {
    if (this.options.onListenerLoss === 'reroute' && request.losses < MAX_REROUTES) {
      request.losses++;
      request.owner.unsent(request);
      return;
    }
    this.unanswered.remove(request);
    this.refuseRequest(request.original, listenerLost(request.owner.name));
  }

  private removeNode(service: ServiceClass, node: ServiceNode): void {
    service.removeNode(node);
    this.registrations--;
    this.nodes.get(node.session)?.leftPool(node);
    if (service.nodes.size === 0) {
      this.classes.delete(service.name);
      this.routedBefore += service.count;
      this.environment.withdraw(service);
    }
    this.environment.listenersChanged(service.name, service.nodes);
  }

  private deliverElsewhere(stanza: Stanza): void {
    const className = parseJid(stanza.to)?.resource ?? '';
    if (stanza.name !== 'message' || className === '') {
      this.send(bounce(stanza, new StanzaError('service-unavailable')));
      return;
    }
    if (stanza.type === 'error') return;
    if (!this.options.trustedClients.has(senderDomain(stanza))) {
      this.environment.log.warn({ from: stanza.from, to: stanza.to, xid: stanza.transactionId }, 'refused a request from a domain that is not trusted');
      this.refuseRequest(stanza, untrusted(senderDomain(stanza)));
      return;
    }
    if (stanza.misleading) {
      this.send(refuseMisleading(stanza));
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

  private releaseHeld(service: ServiceClass): void {
    for (const request of this.held.release(service.name)) service.route(request);
  }

  private refuseServer(stanza: Stanza): void {
    const refusal = untrusted(senderDomain(stanza));
    this.environment.log.warn(
      { from: stanza.from, to: stanza.to, xid: stanza.transactionId },
      'refused a router command or query from a domain that is not trusted',
    );
    if (stanza.routerCommand === '') this.refuseRequest(stanza, refusal);
    else this.send(bounce(stanza, new StanzaError('forbidden', refusal.text)));
  }

  private answerQueries(stanza: Stanza): void {
    const messages = messagesOf(stanza, this.options.limits);
    if (messages === null) {
      this.send(statusTo(stanza, FIRST_REQUEST, { statusCode: 400, condition: 'bad-request', text: 'The body is not an array of OpenSRF messages' }));
      return;
    }
    for (const message of messages) for (const body of answerQuery(this.classes, message)) this.reply(stanza, body);
  }

  private answerOldQuery(stanza: Stanza, subject: string): void {
    const answer = answerOldQuery(this.classes, subject);
    this.reply(stanza, answer ?? `unknown query "${subject}": ask for "servers" or "classes"`);
  }

  // The transaction id stays empty, as in the C router's answers.
  private reply(stanza: Stanza, body: string): void {
    this.environment.deliver(osrfStanza(stanza.from, stanza.to, extensionForm(stanza), '', stanza.thread, body));
  }

  private send(stanza: Stanza | null): void {
    if (stanza !== null) this.environment.deliver(stanza);
  }

  private nodesOf(session: SessionEndpoint): SessionNodes {
    const known = this.nodes.get(session);
    if (known !== undefined) return known;
    const nodes = new SessionNodes();
    this.nodes.set(session, nodes);
    return nodes;
  }

  /** A session that held the address of a class has ended. */
  private addressFreed(jid: string): void {
    const prefix = `${this.elsewhere.jid}/`;
    if (this.suspended || !jid.startsWith(prefix)) return;
    const service = this.classes.get(jid.slice(prefix.length));
    if (service !== undefined) this.environment.publish(service);
  }
}
