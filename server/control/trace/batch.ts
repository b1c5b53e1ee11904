import type { Recording } from './recording.ts';
import { shortened, type TraceStep, type TraceSummary } from './trace-entry.ts';

/** What has happened since the last batch. */
export interface TraceBatch {
  /** Requests that are new or have changed, each as it is now. */
  readonly requests: readonly TraceSummary[];
  /** The last stanzas that were seen on their way. */
  readonly steps: readonly TraceStep[];
  /** The JIDs of sessions bound… */
  readonly came: readonly string[];
  /** …and ended. */
  readonly left: readonly string[];
}

/** So many requests, stanzas and sessions are told of in one batch; nobody sees more of them in so short a time. */
const MAX_REQUESTS = 1_000;
const MAX_STEPS = 40;
const MAX_SESSIONS = 200;

/** Collects what watchers are to be told next. */
export class BatchCollector {
  private readonly changed = new Map<number, Recording>();
  private steps: TraceStep[] = [];
  private came: string[] = [];
  private left: string[] = [];

  step(recording: Recording, step: TraceStep): void {
    this.change(recording);
    if (this.steps.length < MAX_STEPS) this.steps.push(step);
  }

  ended(recording: Recording): void {
    this.change(recording);
  }

  sessionBound(jid: string): void {
    if (this.came.length < MAX_SESSIONS) this.came.push(shortened(jid));
  }

  sessionEnded(jid: string): void {
    if (this.left.length < MAX_SESSIONS) this.left.push(shortened(jid));
  }

  private change(recording: Recording): void {
    if (this.changed.size < MAX_REQUESTS || this.changed.has(recording.id)) this.changed.set(recording.id, recording);
  }

  /** @returns null if nothing has happened. */
  take(): TraceBatch | null {
    if (this.changed.size === 0 && this.came.length === 0 && this.left.length === 0) return null;
    const requests = Array.from(this.changed.values(), (recording) => recording.summary());
    const batch = { requests, steps: this.steps, came: this.came, left: this.left };
    this.changed.clear();
    this.steps = [];
    this.came = [];
    this.left = [];
    return batch;
  }
}
