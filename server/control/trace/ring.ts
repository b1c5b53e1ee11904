import type { TraceFilter } from './filter.ts';
import type { TraceEntry } from './trace-entry.ts';

/** How much is remembered. Beyond that, the oldest is forgotten. */
export interface RingLimits {
  readonly entries: number;
  readonly characters: number;
}

/** What an entry takes besides its payload, measured roughly. */
const OVERHEAD = 1_500;

/** The last requests, oldest first. */
export class TraceRing {
  private readonly limits: RingLimits;
  private readonly entries = new Map<number, TraceEntry>();
  private characters = 0;

  constructor(limits: RingLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.entries.size;
  }

  add(entry: TraceEntry): void {
    this.entries.set(entry.summary.id, entry);
    this.characters += lengthOf(entry);
    for (const oldest of this.entries.values()) {
      if (this.entries.size <= this.limits.entries && this.characters <= this.limits.characters) return;
      this.entries.delete(oldest.summary.id);
      this.characters -= lengthOf(oldest);
    }
  }

  get(id: number): TraceEntry | undefined {
    return this.entries.get(id);
  }

  /** The last ones that match, newest first. */
  search(filter: TraceFilter, limit: number): TraceEntry[] {
    const found: TraceEntry[] = [];
    for (const entry of [...this.entries.values()].reverse()) {
      if (found.length === limit) break;
      if (filter.matches(entry.summary, entry.detail)) found.push(entry);
    }
    return found;
  }

  clear(): void {
    this.entries.clear();
    this.characters = 0;
  }
}

function lengthOf({ detail }: TraceEntry): number {
  return OVERHEAD + detail.params.json.length + detail.results.json.length;
}
