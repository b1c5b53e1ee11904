import { heldBytes } from '../../../shared/held-bytes.ts';
import type { ExchangeLimits } from '../../conversations/bounded-exchanges.ts';
import type { TraceFilter } from './filter.ts';
import type { TraceEntry } from './trace-entry.ts';

/** What an entry and a step of it take besides their texts, measured roughly. */
const ENTRY_BYTES = 1_000;
const STEP_BYTES = 80;

/** The last requests, oldest first. */
export class TraceRing {
  private readonly limits: ExchangeLimits;
  private readonly entries = new Map<number, TraceEntry>();
  private bytes = 0;

  constructor(limits: ExchangeLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.entries.size;
  }

  add(entry: TraceEntry): void {
    this.entries.set(entry.summary.id, entry);
    this.bytes += bytesOf(entry);
    for (const oldest of this.entries.values()) {
      if (this.entries.size <= this.limits.exchanges && this.bytes <= this.limits.bytes) return;
      this.entries.delete(oldest.summary.id);
      this.bytes -= bytesOf(oldest);
    }
  }

  get(id: number): TraceEntry | undefined {
    return this.entries.get(id);
  }

  /** The last ones that match, newest first. It yields after each entry: to look for a text in all of them takes long. */
  *search(filter: TraceFilter, limit: number): Generator<void, TraceEntry[], void> {
    const found: TraceEntry[] = [];
    for (const entry of [...this.entries.values()].reverse()) {
      if (found.length === limit) break;
      if (filter.matches(entry.summary, entry.detail)) found.push(entry);
      yield;
    }
    return found;
  }

  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }
}

/** What an entry holds; the addresses in its steps are those of the summary. */
function bytesOf({ summary, detail }: TraceEntry): number {
  const { service, method, status, client, to, listener, worker, xid, thread, threadTrace } = summary;
  const { locale, ingress, steps, params, results } = detail;
  const texts = heldBytes(service, method, status, client, to, listener, worker, xid, thread, threadTrace, locale, ingress, params.json, results.json);
  return ENTRY_BYTES + STEP_BYTES * steps.length + texts;
}
