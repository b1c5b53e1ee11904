import type { Timer } from '../../shared/clock.ts';
import type { Job } from '../../shared/job.ts';
import type { Origin } from '../../shared/origin.ts';
import { type Stanza, UNFOLLOWED } from '../../shared/stanza.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { ServiceNode } from '../pools/service-node.ts';
import type { RouterEnvironment } from '../ports/environment.ts';
import type { UnansweredLimits } from '../ports/options.ts';
import { ClientThreads } from './client-threads.ts';
import { NumberedRequests, type Numbering } from './numbered-requests.ts';
import { type LossHandler, RoutedRequest } from './routed-request.ts';
import { Streams } from './streams.ts';

/** The most requests that refer to their input chunk, of up to 64 KiB each; older ones are copied, which costs 2 us. Most are answered before. */
const MAX_ATTACHED = 1_024;

/** The memory of a request besides its stanza; measured (Node 20 to 24). */
const REQUEST_BYTES = 400;

/** The part of the limit above which a client has many requests. */
const LARGE_PART = 1 / 100;

/** The time for which a request may refer to its input chunk, in milliseconds. */
const ATTACHED_MS = 100;

/** A request as it goes to another process. */
export interface SavedRequest extends Pick<RoutedRequest, 'number' | 'original' | 'losses' | 'worker' | 'failed'> {
  readonly numbers: readonly string[] | null;
}

/**
 * The unanswered requests of listeners, of all classes of all routers, kept where their clients are connected.
 *
 * An answer is a message to the client on the request's thread that repeats the request's number, from any session: the worker that answers is not the listener that
 * took the request. The first part of an answer moves a request from its listener to that worker. The ledger does not follow a request without
 * a thread, because it cannot recognise the answer.
 */
export class Ledger {
  private readonly limits: UnansweredLimits;
  private readonly environment: Pick<RouterEnvironment, 'session' | 'jobs' | 'clock' | 'failures'>;
  private readonly requests = new NumberedRequests();
  private readonly streams = new Streams();
  /** By number of session. */
  private readonly clients = new Map<number, ClientThreads>();
  private oldest: RoutedRequest | null = null;
  private newest: RoutedRequest | null = null;
  /** The oldest request that is not a copy, like all younger ones. */
  private oldestAttached: RoutedRequest | null = null;
  private attached = 0;
  /** The number of the newest request when old ones were last copied. */
  private lastSeen = 0;
  private detaching: Timer | null = null;
  private bytes = 0;
  /** The number of requests forgotten because of a limit. */
  forgotten = 0;

  constructor(limits: UnansweredLimits, environment: Pick<RouterEnvironment, 'session' | 'jobs' | 'clock' | 'failures'>) {
    this.limits = limits;
    this.environment = environment;
  }

  get size(): number {
    return this.requests.size;
  }

  /** Follows a request before it is handed to a node. @returns its number; {@link UNFOLLOWED} if it has no thread or its client has ended. */
  follow(service: ServiceClass, original: Stanza, node: ServiceNode, losses: number, handler: LossHandler): number {
    if (original.thread === '') return UNFOLLOWED;
    const threads = this.threadsOf(original.origin);
    if (threads === null) return UNFOLLOWED;
    const request = new RoutedRequest(this.requests.nextNumber(), service, original, node, losses, handler, threads);
    this.append(request);
    threads.add(request);
    node.addRequest(request);
    service.unansweredChanged(node, node.unanswered - 1);
    this.attach(request);
    while (this.requests.size > this.limits.requests || this.bytes > this.limits.bytes) this.forgetOldest(threads);
    return request.number;
  }

  /** The open requests, oldest first, for another process. */
  *open(): Iterable<RoutedRequest> {
    for (let request = this.oldest; request !== null; request = request.next) yield request;
  }

  get numbering(): Numbering {
    return this.requests.numbering;
  }

  /** Goes on with the numbers of another process, before any request. */
  restoreNumbering(numbering: Numbering, forgotten: number): void {
    this.requests.restore(numbering);
    this.forgotten = forgotten;
  }

  /** Adds a request of another process; all of them come in order, before their nodes are in a pool. */
  restore({ number, original, losses, worker, failed, numbers }: SavedRequest, service: ServiceClass, node: ServiceNode, handler: LossHandler): void {
    const threads = this.threadsOf(original.origin);
    if (threads === null) return;
    const request = new RoutedRequest(number, service, original, node, losses, handler, threads);
    request.worker = worker;
    request.failed = failed;
    request.numbers = numbers === null ? null : new Set(numbers);
    request.attached = false;
    this.append(request);
    threads.add(request);
    if (worker === 0) node.addRequest(request);
    else this.streams.add(request);
  }

  /** Removes a request, to reroute or refuse it. @returns it; null if it has been answered, or was never followed. */
  take(number: number): RoutedRequest | null {
    const request = this.requests.get(number);
    if (request === null) return null;
    request.threads.remove(request);
    this.close(request);
    return request;
  }

  /** Handles a request that another member of the cluster has not written to its listener. An unknown number has no effect. */
  returned(number: number): void {
    const request = this.take(number);
    request?.handler.handOn(request);
  }

  /** Drops the requests of a client whose session has ended. */
  clientEnded(session: number): void {
    const threads = this.clients.get(session);
    if (threads === undefined) return;
    this.clients.delete(session);
    this.environment.jobs.run(this.closeAll(threads));
  }

  private *closeAll(threads: ClientThreads): Job {
    for (let request = threads.oldest; request !== null; request = threads.oldest) {
      threads.remove(request);
      this.close(request);
      yield;
    }
    if (this.requests.size === 0) this.stopDetaching();
  }

  /** The partly answered requests of a worker, by the number of its session. */
  ofWorker(worker: number): RoutedRequest[] {
    return this.streams.of(worker);
  }

  /** Moves the request from its listener, or from another worker, to a worker. */
  partlyAnswered(request: RoutedRequest, worker: number): void {
    if (worker === 0) return;
    request.node.answeredAt = this.requests.numberEvent();
    if (request.worker === worker) return;
    if (request.worker === 0) {
      request.node.answered++;
      this.leaveNode(request);
    } else this.streams.remove(request);
    request.worker = worker;
    this.streams.add(request);
  }

  answered(request: RoutedRequest): void {
    if (request.worker === 0) request.node.answered++;
    request.node.answeredAt = this.requests.numberEvent();
    this.close(request);
  }

  failedInSession(answer: Stanza): void {
    this.environment.failures.failedInSession(answer);
  }

  /** Removes a request from all lists but its client's. */
  private close(request: RoutedRequest): void {
    request.open = false;
    this.requests.remove(request);
    if (request.attached) this.attached--;
    if (request === this.oldestAttached) this.oldestAttached = request.next;
    if (request.previous === null) this.oldest = request.next;
    else request.previous.next = request.next;
    if (request.next === null) this.newest = request.previous;
    else request.next.previous = request.previous;
    request.previous = null;
    request.next = null;
    this.count(request, -1);
    if (request.worker === 0) this.leaveNode(request);
    else this.streams.remove(request);
  }

  private leaveNode(request: RoutedRequest): void {
    const { service, node } = request;
    node.removeRequest(request);
    service.unansweredChanged(node, node.unanswered + 1);
  }

  private append(request: RoutedRequest): void {
    request.open = true;
    request.previous = this.newest;
    if (this.newest === null) this.oldest = request;
    else this.newest.next = request;
    this.newest = request;
    this.requests.add(request);
    this.count(request, 1);
  }

  /** Null if the client's session has ended. */
  private threadsOf(client: Origin): ClientThreads | null {
    const known = this.clients.get(client.session);
    if (known !== undefined) return known;
    const session = this.environment.session(client);
    if (session === null) return null;
    const threads = new ClientThreads(this);
    this.clients.set(client.session, threads);
    session.observe(threads);
    return threads;
  }

  private attach(request: RoutedRequest): void {
    this.oldestAttached ??= request;
    if (++this.attached > MAX_ATTACHED) this.detachOldest();
    if (this.detaching === null) this.detachLater();
  }

  private detachLater(): void {
    this.detaching = this.environment.clock.after(ATTACHED_MS, () => this.detachOld());
  }

  private stopDetaching(): void {
    this.detaching?.cancel();
    this.detaching = null;
  }

  /** Copies the requests that already existed at the last call. */
  private detachOld(): void {
    while (this.oldestAttached !== null && this.oldestAttached.number <= this.lastSeen) this.detachOldest();
    this.lastSeen = this.newest?.number ?? 0;
    this.detaching = null;
    if (this.oldestAttached !== null) this.detachLater();
  }

  private detachOldest(): void {
    const request = this.oldestAttached as RoutedRequest;
    this.oldestAttached = request.next;
    this.attached--;
    request.attached = false;
    request.original.detach();
    request.threads.detach(request);
  }

  /** Forgets the oldest request; of a client with many requests, its own oldest. */
  private forgetOldest(asking: ClientThreads): void {
    const own = asking.size > this.limits.requests * LARGE_PART ? asking.oldest : null;
    this.forgotten++;
    this.take((own ?? (this.oldest as RoutedRequest)).number);
  }

  private count({ original }: RoutedRequest, sign: 1 | -1): void {
    const bytes = sign * (original.cost + REQUEST_BYTES);
    this.bytes += bytes;
    original.origin.account.charge(bytes);
  }
}
