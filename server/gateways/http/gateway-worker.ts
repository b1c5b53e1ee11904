import type { Job, JobRunner } from '../../../shared/job.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { unescapeXml } from '../../../shared/xml.ts';
import type { CloseReason } from '../../kernel/close-reason.ts';
import type { LocalLink, Program, ProgramPlace } from '../../sessions/local-link.ts';
import type { Entrance } from '../entrance.ts';
import { type JobOwner, JobQueue } from '../job-queue.ts';

/** The request that a worker serves. */
export interface WorkerCall {
  readonly thread: string;
  /** Takes a message of its thread. */
  received(stanza: Stanza): Job;
  /** Ends it if its time is over. @param now Monotonic milliseconds. */
  look(now: number): void;
  /** A fault injected by a test refuses the request. */
  refused(httpStatus: number): void;
  /** The worker's session has ended. */
  lost(reason: CloseReason): void;
}

/** The browser's address changes with each request. */
interface WorkerPlace extends ProgramPlace {
  peer: string;
}

/** A session for HTTP requests, one at a time, like the session of each Apache child with OpenSRF's gateways. So no request can get another's answer. */
export class GatewayWorker implements Program, JobOwner {
  link: LocalLink | null = null;
  private readonly place: WorkerPlace = { kind: 'web', peer: '' };
  private readonly onEnded: (worker: GatewayWorker) => void;
  private readonly jobs: JobQueue;
  private call: WorkerCall | null = null;
  /** Releases further answers; null while none is being read. */
  private release: (() => void) | null = null;

  constructor(jobs: JobRunner, onEnded: (worker: GatewayWorker) => void) {
    this.jobs = new JobQueue(jobs, this);
    this.onEnded = onEnded;
  }

  /** Opens its session. @returns false if the server takes no more. */
  enter(entrance: Entrance, address: string): boolean {
    this.place.peer = address;
    this.link = entrance.enter(this, this.place);
    return this.link !== null;
  }

  begin(call: WorkerCall, address: string): void {
    this.call = call;
    this.place.peer = address;
  }

  end(): void {
    this.call = null;
  }

  look(now: number): void {
    this.call?.look(now);
  }

  received(stanza: Stanza): void {
    const { call } = this;
    // Drop an answer that came too late.
    if (call === null || stanza.name !== 'message' || unescapeXml(stanza.thread) !== call.thread) return;
    this.jobs.add(call.received(stanza));
    if (this.jobs.busy) this.release ??= this.link?.hold() ?? null;
  }

  idle(): void {
    const { release } = this;
    this.release = null;
    release?.();
  }

  failed(): void {
    this.call?.lost('internal-error');
  }

  refused(stanza: Stanza, httpStatus: number): void {
    if (this.call !== null && unescapeXml(stanza.thread) === this.call.thread) this.call.refused(httpStatus);
  }

  ended(reason: CloseReason): void {
    this.link = null;
    this.onEnded(this);
    this.call?.lost(reason);
  }
}
