import { heldBytes } from '../../../shared/held-bytes.ts';
import type { ExchangeLimits } from '../../conversations/bounded-exchanges.ts';
import type { TraceFilter } from './filter.ts';
import { MAX_STEPS } from './recording.ts';
import type { TraceEntry, TraceStep } from './trace-entry.ts';

/** The approximate memory of an entry and a step besides their texts. */
const ENTRY_BYTES = 1_000;
const STEP_BYTES = 80;

/** The last requests, oldest first. */
export class TraceRing {
  private readonly limits: ExchangeLimits;
  private readonly entries = new Map<number, TraceEntry>();
  /** The last request of each client on a thread, by {@link keyOf}. */
  private readonly lastOf = new Map<string, number>();
  private bytes = 0;

  constructor(limits: ExchangeLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.entries.size;
  }

  add(entry: TraceEntry): void {
    this.entries.set(entry.summary.id, entry);
    this.lastOf.set(keyOf(entry.summary.client, entry.summary.thread), entry.summary.id);
    this.bytes += bytesOf(entry);
    for (const oldest of this.entries.values()) {
      if (this.entries.size <= this.limits.exchanges && this.bytes <= this.limits.bytes) return;
      this.remove(oldest);
    }
  }

  /** Adds a step to the last request of a client on a thread, if it is still remembered and has room. */
  addStep(client: string, thread: string, step: TraceStep): void {
    const entry = this.entries.get(this.lastOf.get(keyOf(client, thread)) ?? 0);
    if (entry === undefined || entry.detail.steps.length >= MAX_STEPS) return;
    const { summary, detail } = entry;
    this.entries.set(summary.id, { summary, detail: { ...detail, steps: [...detail.steps, step] } });
    this.bytes += STEP_BYTES;
  }

  get(id: number): TraceEntry | undefined {
    return this.entries.get(id);
  }

  /** The latest matches, newest first. Yields after each entry, because a text search in all of them takes long. */
  *search(filter: TraceFilter, limit: number): Generator<void, TraceEntry[], void> {
    const found: TraceEntry[] = [];
    for (const entry of [...this.entries.values()].reverse()) {
      if (found.length === limit) break;
      if (filter.matches(entry.summary, entry.detail)) found.push(entry);
      yield;
    }
    return found;
  }

  private remove(entry: TraceEntry): void {
    const { id, client, thread } = entry.summary;
    const key = keyOf(client, thread);
    this.entries.delete(id);
    if (this.lastOf.get(key) === id) this.lastOf.delete(key);
    this.bytes -= bytesOf(entry);
  }

  clear(): void {
    this.entries.clear();
    this.lastOf.clear();
    this.bytes = 0;
  }
}

/** A client's session as OpenSRF identifies it; addresses contain no line feed. */
function keyOf(client: string, thread: string): string {
  return `${client}\n${thread}`;
}

/** The memory of an entry; its steps share the addresses of the summary. */
function bytesOf({ summary, detail }: TraceEntry): number {
  const { service, method, status, client, to, listener, worker, xid, thread, threadTrace } = summary;
  const { locale, ingress, browser, steps, params, results } = detail;
  const texts = heldBytes(
    client,
    thread,
    service,
    method,
    status,
    client,
    to,
    listener,
    worker,
    xid,
    thread,
    threadTrace,
    locale,
    ingress,
    browser,
    params.json,
    results.json,
  );
  return ENTRY_BYTES + STEP_BYTES * steps.length + texts;
}
