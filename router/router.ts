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
import { Replica } from './replica.ts';
import { Requests } from './requests.ts';
import { type RestoredSessions, type RouterState, restoreRouter, type SavedRouter, saveRouter } from './saved-router.ts';
import type { Patience } from './suspicion/suspicion.ts';
import { Watch } from './suspicion/watch.ts';

/**
 * OpenSRF's router for one domain. It answers at `router@DOMAIN/router`, publishes a {@link ServiceClass} at
 * `router@DOMAIN/SERVICE` for each service with a listener, and answers for all its other addresses.
 *
 * It runs in the same process as the sessions: it sees whether a listener reads and learns of its end at once, so no request is lost with a listener.
 */
export class Router implements Endpoint, PeerRouter {
  readonly jid: string;
  /** Its domain. */
  readonly domain: string;
  /** Observes an external router that has replaced this one, to learn the listeners that register there. */
  readonly registrationObserver: DeliveryObserver;
  /** Applies what other members of the cluster announce. */
  readonly replica: Replica;
  private readonly options: RouterOptions;
  private readonly environment: RouterEnvironment;
  private readonly refusals: Refusals;
  private readonly admission: Admission;
  private readonly registry: Registry;
  private readonly requests: Requests;
  private readonly lost: LostRequests;
  private readonly ledger: Ledger;
  private readonly commands: CommandContext;
  /** The endpoint of the router's addresses without a class: `router@DOMAIN/ABSENT`, `router@DOMAIN`. */
  private readonly otherAddresses: Endpoint;
  private state: 'active' | 'suspended' = 'suspended';

  /** @param ledger Shared by all routers of a server, because a client may use any of them. */
  /** Listeners of sessions that have ended, by number of session, while their unwritten requests are being returned. */
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
    this.registry = new Registry(environment, (name) => this.createClass(name, environment.clock.wallTime()));
    const { admission, registry, refusals } = this;
    this.lost = new LostRequests(options, environment, ledger);
    const watch = new Watch(patienceOf(options), environment, this.lost);
    this.requests = new Requests(options, { environment, admission, registry, ledger, refusals, watch });
    const { registrations: maxRegistrations, sessionRegistrations: maxSessionRegistrations } = options.limits;
    const release = (service: ServiceClass) => this.requests.release(service);
    const answers = new Answers(options.limits, environment);
    this.commands = { registry, maxRegistrations, maxSessionRegistrations, environment, answers, watch, release };
    this.otherAddresses = { jid: bare, deliver: (stanza) => this.requests.sentToAbsent(stanza) };
    this.replica = new Replica(this.commands, this.requests);
    this.registrationObserver = { delivered: (stanza) => this.registrationSeen(stanza) };
  }

  /** By name, in order of registration. */
  get classes(): ReadonlyMap<string, ServiceClass> {
    return this.registry.classes;
  }

  /** Messages handed to listeners, of all past and present classes. */
  get routed(): number {
    return this.registry.routed;
  }

  /** The number of held requests. */
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

  /** Publishes its addresses. Earlier registrations are valid again. */
  resume(): void {
    this.state = 'active';
    this.environment.publish(this);
    this.environment.publish(this.otherAddresses);
    this.registry.publish();
  }

  /** Withdraws its addresses and keeps its registrations. Clients still get the answers to open requests. */
  suspend(): void {
    this.state = 'suspended';
    this.environment.withdraw(this);
    this.environment.withdraw(this.otherAddresses);
    this.registry.withdraw();
  }

  /** Holds requests for services whose listeners are expected to register within that time. */
  expect(services: Iterable<string>, ms: number): void {
    this.requests.expect(services, ms);
  }

  /** Replaces the trusted domains without touching registrations. */
  trust(servers: ReadonlySet<string>, clients: ReadonlySet<string>): void {
    this.admission.trust(servers, clients);
  }

  /** Its state as JSON, for another process. */
  save(): SavedRouter {
    return saveRouter(this.parts);
  }

  /** Goes on with the state of another process, whose sessions have been restored. */
  restore(saved: SavedRouter, sessions: RestoredSessions): void {
    restoreRouter(this.parts, saved, sessions);
  }

  deliver(stanza: Stanza): void {
    if (stanza.name !== 'message') {
      this.environment.queried(stanza);
      return;
    }
    // The C router reads an error as a query with an unreadable body, with the same result.
    if (stanza.type === 'error' || !this.admission.admitsToRouter(stanza)) return;
    if (stanza.routerCommand === '') this.answerQueries(stanza);
    else obey(this.commands, stanza);
  }

  /** Handles a request that was not written before its session ended. */
  returned(stanza: Stanza): void {
    this.requests.returned(stanza);
  }

  /**
   * Removes the listeners of a session that has ended from all pools. The caller returns their unwritten requests by {@link returned},
   * and then calls {@link allReturned}. All steps run even if one of them throws.
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

  /** Called when all unwritten requests of an ended session are returned; the grace period of its written requests begins. @param session Its number. */
  allReturned(session: number): void {
    const nodes = this.ended.get(session);
    if (nodes === undefined) return;
    this.ended.delete(session);
    this.lost.settleLater(nodes);
  }

  takeOver(className: string, request: Stanza): boolean {
    const service = this.classes.get(className);
    // A drained class would offer the request to its own peers, including the asking router.
    if (service === undefined || service.drained || this.suspended || !this.admission.trustsClient(request)) return false;
    this.requests.route(service, request);
    return true;
  }

  /**
   * Stops or resumes new requests to a class, or to one of its listeners. Answers still pass.
   * @param listener `''`: all of them.
   * @returns the number of affected listeners; 0 if there is no such class or listener.
   */
  drain(className: string, listener: string, draining: boolean): number {
    return setDraining(this.commands, className, listener, draining, this.environment.announcer);
  }

  private listenersEnded(session: number): void {
    const nodes = this.registry.ofSession(session);
    if (nodes === null) return;
    this.ended.set(session, nodes.all());
    this.registry.sessionEnded(session);
    for (const node of nodes.all()) this.commands.watch.left(node);
  }

  private addressFreed(jid: string): void {
    const prefix = `${this.otherAddresses.jid}/`;
    if (jid.startsWith(prefix)) this.registry.addressFreed(jid.slice(prefix.length));
  }

  private get parts(): RouterState {
    const { domain, suspended, registry, requests, ledger, lost, refusals } = this;
    return {
      domain,
      suspended,
      registry,
      requests,
      ledger,
      lost,
      refusals,
      watch: this.commands.watch,
      createClass: (name, since) => this.createClass(name, since),
    };
  }

  private createClass(name: string, since: number): ServiceClass {
    const { balance, localFirst } = this.options;
    return new ServiceClass({ name, jid: `${this.otherAddresses.jid}/${name}`, since, balance, localFirst, receiver: this.requests });
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

/** The policy if clients of a lost listener wait: give up no request. */
function patienceOf({ stuckListenerMs, onListenerLoss, limits: { stalledAfterMs } }: RouterOptions): Patience {
  return { stalledAfterMs, stuckListenerMs: onListenerLoss === 'ignore' ? 0 : stuckListenerMs };
}
