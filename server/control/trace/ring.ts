import type { ExchangeLimits } from '../../conversations/bounded-exchanges.ts';
import type { TraceStep } from './trace-entry.ts';
import type { TracedRequest } from './traced-request.ts';

/** The part of the memory reserved for failed and slow requests. */
const NOTABLE_PART = 0.75;

/** The limits of remembered requests. */
export interface RingLimits extends ExchangeLimits {
  /** The duration from which a request is slow. */
  readonly slowMs: number;
}

/** The remembered ended requests. Beyond the limits the oldest ordinary ones are dropped first, failed and slow ones last. */
export class TraceRing {
  private readonly limits: RingLimits;
  private readonly ordinary = new Shelf();
  private readonly notable = new Shelf();
  private readonly byId = new Map<number, TracedRequest>();
  private readonly last = new LastRequests();

  constructor(limits: RingLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.byId.size;
  }

  add(request: TracedRequest): void {
    (request.isNotable(this.limits.slowMs) ? this.notable : this.ordinary).add(request);
    this.byId.set(request.id, request);
    this.last.add(request);
    while (this.size > this.limits.exchanges || this.ordinary.bytes + this.notable.bytes > this.limits.bytes) this.removeOne();
  }

  /** Adds a step to the last request of a client on a thread, if it is remembered. @param since Earlier requests may not be the last, because others were unobserved. */
  addStep(client: string, thread: string, since: number, step: TraceStep): void {
    const request = this.last.of(client, thread);
    if (request !== undefined && request.exchange.askedAt >= since) request.after(step);
  }

  get(id: number): TracedRequest | undefined {
    return this.byId.get(id);
  }

  /** All, newest first. */
  newestFirst(): TracedRequest[] {
    return [...this.byId.values()].sort((a, b) => b.id - a.id);
  }

  clear(): void {
    this.ordinary.clear();
    this.notable.clear();
    this.byId.clear();
    this.last.clear();
  }

  private removeOne(): void {
    const { ordinary, notable, limits } = this;
    const crowded = notable.bytes > NOTABLE_PART * limits.bytes || notable.size > NOTABLE_PART * limits.exchanges;
    const request = (crowded ? notable : ordinary).removeOldest() ?? notable.removeOldest() ?? ordinary.removeOldest();
    if (request === null) return;
    this.byId.delete(request.id);
    this.last.remove(request);
  }
}

/** The places of removed requests are given back in portions of at least this many. */
const PORTION = 1_024;

/** Requests in order of their ends. Not a Map: to find its oldest entry, V8 passes over all that were removed since the last rehashing. */
class Shelf {
  private requests: (TracedRequest | null)[] = [];
  /** The bytes counted for each. */
  private counted: number[] = [];
  private removed = 0;
  bytes = 0;

  get size(): number {
    return this.requests.length - this.removed;
  }

  add(request: TracedRequest): void {
    const { bytes } = request;
    this.requests.push(request);
    this.counted.push(bytes);
    this.bytes += bytes;
  }

  removeOldest(): TracedRequest | null {
    const request = this.requests[this.removed] ?? null;
    if (request === null) return null;
    this.requests[this.removed] = null;
    this.bytes -= this.counted[this.removed++] as number;
    if (this.removed >= PORTION && this.removed > this.size) this.giveBack();
    return request;
  }

  clear(): void {
    this.removed = this.requests.length;
    this.giveBack();
    this.bytes = 0;
  }

  private giveBack(): void {
    this.requests = this.requests.slice(this.removed);
    this.counted = this.counted.slice(this.removed);
    this.removed = 0;
  }
}

/**
 * The last remembered request of each client on a thread. Threads are unique in practice, and their hash is known: a key of both addresses for each
 * request took a tenth of the trace's time. A client that uses another one's thread has such a key.
 */
class LastRequests {
  private readonly requests = new Map<string, TracedRequest>();

  add(request: TracedRequest): void {
    const { client, thread } = request.exchange;
    const known = this.requests.get(thread);
    const isOwn = known === undefined || known.exchange.client === client;
    this.requests.set(isOwn ? thread : keyOf(client, thread), request);
  }

  of(client: string, thread: string): TracedRequest | undefined {
    for (const key of [thread, keyOf(client, thread)]) {
      const known = this.requests.get(key);
      // A thread may look like such a key.
      if (known?.exchange.client === client) return known;
    }
    return undefined;
  }

  remove(request: TracedRequest): void {
    const { client, thread } = request.exchange;
    if (this.requests.get(thread) === request) this.requests.delete(thread);
    else if (this.of(client, thread) === request) this.requests.delete(keyOf(client, thread));
  }

  clear(): void {
    this.requests.clear();
  }
}

/** A client's session as OpenSRF identifies it; addresses contain no line feed. */
function keyOf(client: string, thread: string): string {
  return `${client}\n${thread}`;
}
