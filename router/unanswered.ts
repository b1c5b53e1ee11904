import type { SessionEndpoint } from '../shared/stanza.ts';
import { ClientThreads } from './client-threads.ts';
import type { UnansweredLimits } from './options.ts';
import type { RoutedRequest } from './routed-request.ts';

/** So many may keep the input alive that they were cut from, up to 64 KiB each; older ones are copied, which costs 2 us. Most are answered before. */
const MAX_ATTACHED = 2048;

/** What a routed request takes besides its text: its objects and its place in the tables, measured roughly. */
const OVERHEAD_BYTES = 600;

/**
 * The requests that were handed to a listener and that nobody has answered yet, of all classes of all routers.
 *
 * A request is answered by the next message its client is handed on the request's thread, whoever it is from: the listener
 * that took the request is not the worker that answers. Requests without a thread cannot be answered, so they are not kept.
 */
export class UnansweredRequests {
  private readonly limits: UnansweredLimits;
  private readonly clients = new Map<SessionEndpoint, ClientThreads>();
  /** A request may be handed over anew after its client has ended; nothing would ever let go of it then. */
  private readonly ended = new WeakSet<SessionEndpoint>();
  private oldest: RoutedRequest | null = null;
  private newest: RoutedRequest | null = null;
  /** The oldest request that is not a copy; all younger ones are none either. */
  private oldestAttached: RoutedRequest | null = null;
  private attached = 0;
  private bytes = 0;
  size = 0;
  /** How many were given up because there were too many. */
  forgotten = 0;

  constructor(limits: UnansweredLimits) {
    this.limits = limits;
  }

  /** Keeps a request that has just been handed to its node. */
  add(request: RoutedRequest): void {
    const { original, node } = request;
    const client = original.sender;
    if (client === null || original.thread === '' || this.ended.has(client)) return;
    const threads = this.threadsOf(client);
    if (threads === null) return;
    request.open = true;
    request.previous = this.newest;
    if (this.newest === null) this.oldest = request;
    else this.newest.next = request;
    this.newest = request;
    this.size++;
    this.bytes += sizeOf(request);
    threads.add(request);
    request.owner.unansweredChanged(node, node.unanswered++);
    this.oldestAttached ??= request;
    if (++this.attached > MAX_ATTACHED) this.detachOldest();
    while (this.size > this.limits.requests || this.bytes > this.limits.bytes) this.forgetOldest();
  }

  /** Lets go of a request: it was answered, or is handed over anew, or given up. */
  remove(request: RoutedRequest): void {
    if (!request.open) return;
    const client = request.original.sender as SessionEndpoint;
    this.clients.get(client)?.remove(request);
    this.close(request);
  }

  /** A session has ended: nobody waits for its answers any more. */
  clientEnded(client: SessionEndpoint): void {
    this.ended.add(client);
    const threads = this.clients.get(client);
    if (threads === undefined) return;
    this.clients.delete(client);
    client.observer = null;
    for (const request of threads.all()) this.close(request);
  }

  /** The open requests of which that is true, oldest first. */
  filter(matches: (request: RoutedRequest) => boolean): RoutedRequest[] {
    const found: RoutedRequest[] = [];
    for (let request = this.oldest; request !== null; request = request.next) {
      if (matches(request)) found.push(request);
    }
    return found;
  }

  /** Takes a request off the list and off its node's count. */
  close(request: RoutedRequest): void {
    request.open = false;
    if (request.attached) this.attached--;
    if (request === this.oldestAttached) this.oldestAttached = request.next;
    if (request.previous === null) this.oldest = request.next;
    else request.previous.next = request.next;
    if (request.next === null) this.newest = request.previous;
    else request.next.previous = request.previous;
    request.previous = null;
    request.next = null;
    this.size--;
    this.bytes -= sizeOf(request);
    request.owner.unansweredChanged(request.node, request.node.unanswered--);
  }

  /** Null for a session that is observed for another reason: a router from outside, whose registrations are worth more than its requests. */
  private threadsOf(client: SessionEndpoint): ClientThreads | null {
    const known = this.clients.get(client);
    if (known !== undefined) return known;
    if (client.observer !== null) return null;
    const threads = new ClientThreads(this);
    this.clients.set(client, threads);
    client.observer = threads;
    return threads;
  }

  private detachOldest(): void {
    const request = this.oldestAttached as RoutedRequest;
    this.oldestAttached = request.next;
    this.attached--;
    request.attached = false;
    request.original.detach();
    this.clients.get(request.original.sender as SessionEndpoint)?.detach(request);
  }

  private forgetOldest(): void {
    this.forgotten++;
    this.remove(this.oldest as RoutedRequest);
  }
}

function sizeOf(request: RoutedRequest): number {
  return request.original.length + OVERHEAD_BYTES;
}
