import { detached } from '../shared/detach.ts';
import { StanzaError } from '../shared/errors.ts';
import { parseJid } from '../shared/jid.ts';
import type { Job } from '../shared/job.ts';
import { type Stanza, UNFOLLOWED } from '../shared/stanza.ts';
import type { Admission } from './admission.ts';
import { forwarded, unforwarded } from './forward.ts';
import { HeldRequests } from './ledger/held-requests.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { LossHandler, RoutedRequest } from './ledger/routed-request.ts';
import type { Registry } from './pools/registry.ts';
import type { ClassReceiver, ServiceClass } from './pools/service-class.ts';
import type { ServiceNode } from './pools/service-node.ts';
import type { RouterEnvironment } from './ports/environment.ts';
import type { RouterOptions } from './ports/options.ts';
import { absent, drained, listenerLost, type Refusal, workerLost } from './refusal.ts';
import type { Refusals } from './refusals.ts';
import type { Watch } from './suspicion/watch.ts';

/** The parts of a router that requests pass through. */
export interface RequestParts {
  readonly environment: RouterEnvironment;
  readonly admission: Admission;
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly refusals: Refusals;
  readonly watch: Watch;
}

/** The path of requests: to the next listener, to a peer router, on hold, or back with a refusal. */
export class Requests implements ClassReceiver, LossHandler {
  private readonly parts: RequestParts;
  private readonly admission: Admission;
  private readonly ledger: Ledger;
  private readonly watch: Watch;
  private readonly held: HeldRequests;

  constructor({ holdMs, limits }: Pick<RouterOptions, 'holdMs' | 'limits'>, parts: RequestParts) {
    const { environment, admission, ledger, refusals, watch } = parts;
    this.parts = parts;
    this.admission = admission;
    this.ledger = ledger;
    this.watch = watch;
    this.held = new HeldRequests(holdMs, limits, environment, (className, request) => refusals.refuse(request, absent(className)));
  }

  /** The number of held requests. */
  get heldCount(): number {
    return this.held.size;
  }

  /** Holds requests for classes whose listeners are expected to register within that time. */
  expect(classNames: Iterable<string>, ms: number): void {
    this.held.expect(classNames, ms);
  }

  /** The held requests. */
  get waiting(): Pick<HeldRequests, 'save' | 'restore' | 'expect'> {
    return this.held;
  }

  sentToClass(service: ServiceClass, stanza: Stanza): void {
    if (stanza.name !== 'message') this.parts.environment.bounce(stanza, new StanzaError('service-unavailable'));
    else if (stanza.type === 'error') this.bouncedByListener(service.name, stanza);
    else if (this.admission.admitsRequest(stanza)) this.route(service, stanza);
  }

  /** Handles a stanza to an address of the router without a class. */
  sentToAbsent(stanza: Stanza): void {
    const className = parseJid(stanza.to)?.resource ?? '';
    if (stanza.name !== 'message' || className === '') this.parts.environment.bounce(stanza, new StanzaError('service-unavailable'));
    else if (stanza.type !== 'error' && this.admission.admitsRequest(stanza)) this.holdOrRefuse(className, stanza, absent(className));
  }

  /** Hands a request from a trusted sender to the next listener, after the requests held for the class. */
  route(service: ServiceClass, request: Stanza): void {
    if (this.held.has(service.name) && this.held.hold(service.name, request)) return;
    this.routeOr(service, request, drained, 0);
  }

  /** Reroutes a request that was not written before its session ended. */
  returned(stanza: Stanza): void {
    const request = this.ledger.take(stanza.returnPath);
    const original = request?.original ?? unforwarded(stanza);
    this.routeAnew(parseJid(stanza.from)?.resource ?? '', original, request?.losses ?? 0);
  }

  handOn({ service, original, losses }: RoutedRequest): void {
    this.routeAnew(service.name, original, losses);
  }

  reroute({ service, original, losses }: RoutedRequest): void {
    this.routeAnew(service.name, original, losses + 1);
  }

  failed({ original }: RoutedRequest, answer: Stanza): void {
    this.parts.environment.failures.failed(original, answer);
  }

  refuseLost({ service, original, worker, refusable }: RoutedRequest): void {
    this.parts.refusals.refuse(original, worker === 0 ? listenerLost(service.name) : workerLost(service.name), refusable);
  }

  /** Hands the held requests to a class. */
  release(service: ServiceClass): void {
    if (this.held.has(service.name)) this.parts.environment.jobs.run(this.releaseAll(service));
  }

  private *releaseAll(service: ServiceClass): Job {
    for (const request of this.held.release(service.name)) {
      this.routeOr(service, request, drained, 0);
      yield;
      if (service.drained) return;
    }
  }

  /** Drops the requests of a client whose session has ended. */
  clientEnded(session: number): void {
    this.held.forget(session);
    this.ledger.clientEnded(session);
  }

  private routeAnew(className: string, original: Stanza, losses: number): void {
    const service = this.parts.registry.classes.get(className);
    if (service === undefined) this.holdOrRefuse(className, original, listenerLost(className));
    else this.routeOr(service, original, listenerLost, losses);
  }

  /** @param refusal Makes the refusal on demand, because every request passes here. */
  private routeOr(service: ServiceClass, request: Stanza, refusal: (className: string) => Refusal, losses: number): void {
    const node = service.next();
    if (node === null) {
      this.holdOrRefuse(service.name, request, refusal(service.name));
      return;
    }
    node.count++;
    service.count++;
    const number = this.ledger.follow(service, request, node, losses, this);
    if (!node.watched && number !== UNFOLLOWED) this.watch.begin(node, service);
    node.deliver(forwarded(request, service.jid, node, number));
  }

  private holdOrRefuse(className: string, request: Stanza, refusal: Refusal): void {
    for (const peer of this.parts.environment.peers()) if (peer.takeOver(className, request)) return;
    if (!this.held.hold(className, request)) this.parts.refusals.refuse(request, refusal);
  }

  /** Removes a listener that has bounced a request on that thread: it is gone or refuses to work. The request goes to another one. @returns it; null if it is not there. */
  bounced(className: string, jid: string, thread: string): ServiceNode | null {
    const { registry, environment } = this.parts;
    const service = registry.classes.get(className);
    const node = service?.nodes.get(jid);
    if (service === undefined || node === undefined) return null;
    registry.remove(service, node);
    this.watch.left(node);
    environment.log.warn({ class: className, listener: jid }, 'listener bounced a request and was removed');
    environment.jobs.run(this.routeBounced(node, detached(thread)));
    return node;
  }

  private bouncedByListener(className: string, { from, thread }: Stanza): void {
    const node = this.bounced(className, from, thread);
    if (node !== null) this.parts.environment.announcer?.bounced(className, from, node.session, thread);
  }

  /** Finds the request on that thread among those of a node, oldest first, and reroutes it. */
  private *routeBounced(node: ServiceNode, thread: string): Job {
    let request = node.oldest as RoutedRequest | null;
    while (request !== null && (request.original.thread !== thread || this.ledger.take(request.number) === null)) {
      yield;
      // If it was answered meanwhile, it no longer has neighbours.
      request = (request.open ? request.newerOfNode : node.oldest) as RoutedRequest | null;
    }
    if (request !== null) this.routeAnew(request.service.name, request.original, request.losses);
  }
}
