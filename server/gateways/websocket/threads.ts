import type { MemoryAccount } from '../../../shared/memory-account.ts';
import { type OsrfMessage, statusCodeOf } from '../../../shared/osrf/message.ts';

/** The approximate overhead of an entry in a map or set, besides its text. */
const ENTRY_BYTES = 100;

/** The limits of one browser. */
export interface ThreadLimits {
  readonly webSocketThreads: number;
  readonly webSocketRequests: number;
}

/** The OpenSRF sessions of one browser: which are connected to a worker, and which requests are unanswered. Their memory is counted here. */
export class Threads {
  private readonly limits: ThreadLimits;
  /** The workers of connected sessions, by thread. */
  private readonly workers = new Map<string, string>();
  /** Thread and number of each unanswered request. */
  private readonly unanswered = new Set<string>();
  private readonly account: MemoryAccount;
  private bytes = 0;

  /** @param account Charged for everything kept for the browser. */
  constructor(limits: ThreadLimits, account: MemoryAccount) {
    this.limits = limits;
    this.account = account;
  }

  /** The worker of a connected session; `''`: none. */
  workerOf(thread: string): string {
    return this.workers.get(thread) ?? '';
  }

  /** Whether any request is unanswered. */
  get busy(): boolean {
    return this.unanswered.size > 0;
  }

  /** Whether the limit of unanswered requests is reached. */
  get full(): boolean {
    return this.unanswered.size >= this.limits.webSocketRequests;
  }

  /**
   * Notes a message for the browser. @param from The sender's JID; `''`: the browser's own message, bounced.
   * @returns false if it connects a session beyond the limit, which is then not remembered.
   */
  took(message: OsrfMessage, thread: string, from: string): boolean {
    const { type, threadTrace } = message;
    if (from === '') {
      this.answered(thread, threadTrace);
      return true;
    }
    if (type !== 'STATUS') return true;
    const code = statusCodeOf(message);
    if (code === 200) return this.connected(thread, from);
    if (code === 408) this.disconnected(thread);
    if (code === 205 || code >= 300) this.answered(thread, threadTrace);
    return true;
  }

  private connected(thread: string, worker: string): boolean {
    if (this.workers.has(thread)) return true;
    if (this.workers.size >= this.limits.webSocketThreads) return false;
    this.workers.set(thread, worker);
    this.charge(costOf(thread) + worker.length);
    return true;
  }

  /** The session has ended. */
  disconnected(thread: string): void {
    const worker = this.workers.get(thread);
    if (worker === undefined) return;
    this.workers.delete(thread);
    this.charge(-costOf(thread) - worker.length);
  }

  requested(thread: string, threadTrace: string): void {
    const key = keyOf(thread, threadTrace);
    if (this.unanswered.has(key)) return;
    this.unanswered.add(key);
    this.charge(costOf(key));
  }

  private answered(thread: string, threadTrace: string): void {
    const key = keyOf(thread, threadTrace);
    if (this.unanswered.delete(key)) this.charge(-costOf(key));
  }

  /** The browser has disconnected. */
  forget(): void {
    this.workers.clear();
    this.unanswered.clear();
    this.charge(-this.bytes);
  }

  private charge(bytes: number): void {
    this.bytes += bytes;
    this.account.charge(bytes);
  }
}

function keyOf(thread: string, threadTrace: string): string {
  return `${threadTrace} ${thread}`;
}

function costOf(text: string): number {
  return text.length + ENTRY_BYTES;
}
