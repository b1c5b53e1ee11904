import { shortened, type TraceStep, type TraceSummary } from './trace-entry.ts';
import type { TracedRequest } from './traced-request.ts';

/** The events since the last batch. */
export interface TraceBatch {
  /** New or changed requests. */
  readonly requests: readonly TraceSummary[];
  /** The last observed stanzas. */
  readonly steps: readonly TraceStep[];
  /** The JIDs of new sessions. */
  readonly came: readonly string[];
  /** The JIDs of ended sessions. */
  readonly left: readonly string[];
}

/** The most requests, stanzas and sessions in one batch; the eye cannot follow more. */
const MAX_REQUESTS = 1_000;
const MAX_STEPS = 40;
const MAX_SESSIONS = 200;

/** Collects the next batch for the watchers. */
export class BatchCollector {
  private readonly changed = new Map<number, TracedRequest>();
  private steps: TraceStep[] = [];
  private came: string[] = [];
  private left: string[] = [];

  step(request: TracedRequest, step: TraceStep): void {
    this.change(request);
    if (this.steps.length < MAX_STEPS) this.steps.push(step);
  }

  ended(request: TracedRequest): void {
    this.change(request);
  }

  sessionBound(jid: string): void {
    if (this.came.length < MAX_SESSIONS) this.came.push(shortened(jid));
  }

  sessionEnded(jid: string): void {
    if (this.left.length < MAX_SESSIONS) this.left.push(shortened(jid));
  }

  private change(request: TracedRequest): void {
    if (this.changed.size < MAX_REQUESTS || this.changed.has(request.id)) this.changed.set(request.id, request);
  }

  /** @param now Milliseconds since 1970. @returns null without events. */
  take(now: number): TraceBatch | null {
    if (this.changed.size === 0 && this.came.length === 0 && this.left.length === 0) return null;
    const requests = Array.from(this.changed.values(), (request) => request.summary(now));
    const batch = { requests, steps: this.steps, came: this.came, left: this.left };
    this.changed.clear();
    this.steps = [];
    this.came = [];
    this.left = [];
    return batch;
  }
}
