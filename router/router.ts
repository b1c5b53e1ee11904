import type { Endpoint } from '../shared/endpoint.ts';
import { FIRST_REQUEST } from '../shared/osrf/write.ts';
import type { Stanza } from '../shared/stanza.ts';
import { runAll } from '../shared/steps.ts';
import { Admission } from './admission.ts';
import { Answers } from './commands/answers.ts';
import { obey } from './commands/commands.ts';
import type { CommandContext } from './commands/context.ts';
import { setDraining } from './commands/drain.ts';
import { answerQuery } from './commands/queries.ts';
import { ROUTER_RESOURCE } from './commands/registration.ts';
import type { Ledger } from './ledger/ledger.ts';
import { LostRequests } from './ledger/lost-requests.ts';
import { Registry } from './pools/registry.ts';
import { ServiceClass } from './pools/service-class.ts';
import type { ServiceNode } from './pools/service-node.ts';
import type { DeliveryObserver, PeerRouter, RouterEnvironment } from './ports/environment.ts';
import type { RouterOptions } from './ports/options.ts';
import { messagesOf, statusTo } from './refusal.ts';
import { Refusals } from './refusals.ts';
import { Requests } from './requests.ts';
import type { Patience } from './suspicion/suspicion.ts';
import { Watch } from './suspicion/watch.ts';

/**
 * OpenSRF's router for one domain. It answers at `router@DOMAIN/router`, publishes a {@link ServiceClass} at
 * `router@DOMAIN/SERVICE` for each service that has a listener, and answers for all its other addresses.
 *
 * It lives with the sessions: it asks whether a listener reads, and learns at once when one ends, so no request is lost with a listener.
 */
export class Router implements Endpoint, PeerRouter {
  readonly jid: string;
  /** The host it serves. */
  readonly domain: string;
  /** Follows a router from outside that holds this one's address: listeners that register there are known here when it leaves. */
  readonly registrationObserver: DeliveryObserver;
  private readonly options: RouterOptions;
  private readonly environment: RouterEnvironment;
  private readonly refusals: Refusals;
  private readonly admission: Admission;
  private readonly registry: Registry;
  private readonly requests: Requests;
  private readonly lost: LostRequests;
  private readonly ledger: Ledger;
  private readonly commands: CommandContext;
  /** Takes what is sent to an address of the router that no class has: `router@DOMAIN/ABSENT`, `router@DOMAIN`. */
  private readonly elsewhere: Endpoint;
  private state: 'active' | 'suspended' = 'suspended';

  /** @param ledger One for all routers of a server: a client asks any of them. */
  /** Listeners of sessions that have ended, by number of session, while requests that were not written to them are given back. */
  private readonly ended = new Map<number, readonly ServiceNode[]>();

  constructor(options: RouterOptions, environment: RouterEnvironment, ledger: Ledger) {
    const bare = `${options.name}@${options.domain}`;
    this.jid = `${bare}/${ROUTER_RESOURCE}`;
    this.domain = options.domain;
    this.options = options;
    this.environment = environment;
    this.ledger = ledger;
    this.refusals = new Refusals(options, environment);
    this.admission = new Admission(options, environment, this.refusals);
    this.registry = new Registry(environment, (name) => this.createClass(name, `${bare}/${name}`));
    const { admission, registry, refusals } = this;
    this.lost = new LostRequests(options, environment, ledger);
    const watch = new Watch(patienceOf(options), environment, this.lost);
    this.requests = new Requests(options, { environment, admission, registry, ledger, refusals, watch });
    const { registrations: maxRegistrations, sessionRegistrations: maxSessionRegistrations } = options.limits;
    const release = (service: ServiceClass) => this.requests.release(service);
    const answers = new Answers(options.limits, environment);
    this.commands = { registry, maxRegistrations, maxSessionRegistrations, environment, answers, watch, release };
    this.elsewhere = { jid: bare, deliver: (stanza) => this.requests.sentToAbsent(stanza) };
    this.registrationObserver = { delivered: (stanza) => this.registrationSeen(stanza) };
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
    return this.requests.heldCount;
  }

  /** Requests refused, by status code. */
  get refusalCounts(): ReadonlyMap<number, number> {
    return this.refusals.counts;
  }

  /** Whether a session has registered a service. @param session Its number. */
  isListener(session: number): boolean {
    return this.registry.countOf(session) > 0;
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

  /** Gives its addresses away and keeps its registrations. Clients that wait for an answer still get one. */
  suspend(): void {
    this.state = 'suspended';
    this.environment.withdraw(this);
    this.environment.withdraw(this.elsewhere);
    this.registry.withdraw();
  }

  /** Takes over other trusted domains without touching a registration. */
  trust(servers: ReadonlySet<string>, clients: ReadonlySet<string>): void {
    this.admission.trust(servers, clients);
  }

  deliver(stanza: Stanza): void {
    if (stanza.name !== 'message') {
      this.environment.queried(stanza);
      return;
    }
    // The C router takes an error for a query with a body it cannot read, which comes to the same.
    if (stanza.type === 'error' || !this.admission.admitsToRouter(stanza)) return;
    if (stanza.routerCommand === '') this.answerQueries(stanza);
    else obey(this.commands, stanza);
  }

  /** A session ended with a routed request unwritten. */
  returned(stanza: Stanza): void {
    this.requests.returned(stanza);
  }

  /**
   * A session has ended: its listeners are out of all pools on return. The caller gives back the requests that were not written to them, by {@link returned},
   * and then calls {@link allReturned}. All of it is done, also where a part of it throws.
   * @param session Its number. @param jid Its address.
   */
  sessionEnded(session: number, jid: string): void {
    runAll(
      () => this.requests.clientEnded(session),
      () => this.listenersEnded(session),
      () => this.lost.refuseLater(this.ledger.ofWorker(session).filter(({ handler }) => handler === this.requests)),
      () => this.addressFreed(jid),
    );
  }

  /** All requests that were not written to a session that has ended are given back: those that were get their grace from now on. @param session Its number. */
  allReturned(session: number): void {
    const nodes = this.ended.get(session);
    if (nodes === undefined) return;
    this.ended.delete(session);
    this.lost.settleLater(nodes);
  }

  takeOver(className: string, request: Stanza): boolean {
    const service = this.classes.get(className);
    // A class that is drained would offer the request to its own peers, one of which may be the router that asks.
    if (service === undefined || service.drained || this.suspended || !this.admission.trustsClient(request)) return false;
    this.requests.route(service, request);
    return true;
  }

  /**
   * Stops new requests to a class, or to one of its listeners, or lets them pass again. Answers still pass.
   * @param listener `''`: all of them.
   * @returns how many listeners that was; 0 if there is no such class or listener.
   */
  drain(className: string, listener: string, draining: boolean): number {
    return setDraining(this.commands, className, listener, draining);
  }

  private listenersEnded(session: number): void {
    const nodes = this.registry.ofSession(session);
    if (nodes === null) return;
    this.ended.set(session, nodes.all());
    this.registry.sessionEnded(session);
  }

  private addressFreed(jid: string): void {
    const prefix = `${this.elsewhere.jid}/`;
    if (jid.startsWith(prefix)) this.registry.addressFreed(jid.slice(prefix.length));
  }

  private createClass(name: string, jid: string): ServiceClass {
    const { balance } = this.options;
    return new ServiceClass({ name, jid, since: this.environment.clock.wallTime(), balance, receiver: this.requests });
  }

  private answerQueries(stanza: Stanza): void {
    const messages = messagesOf(stanza, this.options.limits);
    if (messages === null) {
      this.environment.deliver(statusTo(stanza, FIRST_REQUEST, { statusCode: 400, text: 'The body is not an array of OpenSRF messages' }));
      return;
    }
    this.commands.answers.answer(stanza, () => messages.flatMap((message) => answerQuery(this.classes, message)));
  }

  private registrationSeen(stanza: Stanza): void {
    if (stanza.name !== 'message' || stanza.type === 'error' || !this.admission.trustsServer(stanza)) return;
    if (stanza.routerCommand === 'register' || stanza.routerCommand === 'unregister') obey(this.commands, stanza);
  }
}

/** Where clients of a lost listener are to wait, none is given up. */
function patienceOf({ stuckListenerMs, onListenerLoss, limits: { stalledAfterMs } }: RouterOptions): Patience {
  return { stalledAfterMs, stuckListenerMs: onListenerLoss === 'ignore' ? 0 : stuckListenerMs };
}
