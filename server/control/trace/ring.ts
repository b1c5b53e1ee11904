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
  /** The last request of each client on a thread, by {@link keyOf}. */
  private readonly lastOf = new Map<string, TracedRequest>();

  constructor(limits: RingLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.ordinary.requests.size + this.notable.requests.size;
  }

  add(request: TracedRequest): void {
    (request.isNotable(this.limits.slowMs) ? this.notable : this.ordinary).add(request);
    this.lastOf.set(keyOf(request.exchange.client, request.exchange.thread), request);
    while (this.size > this.limits.exchanges || this.bytes > this.limits.bytes) this.removeOne();
  }

  /** Adds a step to the last request of a client on a thread, if it is remembered. @param since Earlier requests may not be the last, because others were unobserved. */
  addStep(client: string, thread: string, since: number, step: TraceStep): void {
    const request = this.lastOf.get(keyOf(client, thread));
    if (request !== undefined && request.exchange.askedAt >= since) request.after(step);
  }

  get(id: number): TracedRequest | undefined {
    return this.ordinary.requests.get(id) ?? this.notable.requests.get(id);
  }

  /** All, newest first. */
  newestFirst(): TracedRequest[] {
    const all = [...this.ordinary.requests.values(), ...this.notable.requests.values()];
    return all.sort((a, b) => b.id - a.id);
  }

  clear(): void {
    this.ordinary.clear();
    this.notable.clear();
    this.lastOf.clear();
  }

  private get bytes(): number {
    return this.ordinary.bytes + this.notable.bytes;
  }

  private removeOne(): void {
    const crowded = this.notable.bytes > NOTABLE_PART * this.limits.bytes || this.notable.requests.size > NOTABLE_PART * this.limits.exchanges;
    const request = (crowded ? this.notable : this.ordinary).removeOldest() ?? this.notable.removeOldest() ?? this.ordinary.removeOldest();
    if (request === null) return;
    const key = keyOf(request.exchange.client, request.exchange.thread);
    if (this.lastOf.get(key) === request) this.lastOf.delete(key);
  }
}

/** Requests in order of their ends, each with the bytes counted for it. */
class Shelf {
  readonly requests = new Map<number, TracedRequest>();
  private readonly counted = new Map<number, number>();
  bytes = 0;

  add(request: TracedRequest): void {
    const { id, bytes } = request;
    this.requests.set(id, request);
    this.counted.set(id, bytes);
    this.bytes += bytes;
  }

  removeOldest(): TracedRequest | null {
    for (const [id, request] of this.requests) {
      this.requests.delete(id);
      this.bytes -= this.counted.get(id) ?? 0;
      this.counted.delete(id);
      return request;
    }
    return null;
  }

  clear(): void {
    this.requests.clear();
    this.counted.clear();
    this.bytes = 0;
  }
}

/** A client's session as OpenSRF identifies it; addresses contain no line feed. */
function keyOf(client: string, thread: string): string {
  return `${client}\n${thread}`;
}
