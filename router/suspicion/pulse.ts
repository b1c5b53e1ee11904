import type { RoutedRequest } from '../ledger/routed-request.ts';
import type { ServiceClass } from '../pools/service-class.ts';
import type { NodeRequest, ServiceNode } from '../pools/service-node.ts';
import type { SeenWorker } from '../ports/environment.ts';
import type { Seen } from './suspicion.ts';

/** How many of the newest and of the oldest requests to check. */
const FEW = 8;

/** The router's observations of one listener, across checks. Times are monotonic milliseconds. */
export class Pulse {
  readonly node: ServiceNode;
  readonly service: ServiceClass;
  /** Whether its requests count as lost since its last sign of life. */
  isGivenUp = false;
  /** {@link ServiceNode.answeredAt} at the last check. */
  private answeredAt: number;
  /** Its answers at other members at the last check. */
  private answeredElsewhere: number;
  /** The start of its silence while requests were open. */
  private quietSince: number;
  private lookedAt: number;
  private waiting = 0;
  private anyWaits = false;
  private waitsElsewhere = false;
  /** Its unread bytes; -1: unknown. */
  private unread = -1;
  /** The start of the time in which it read nothing; 0: nothing is unread. */
  private unreadSince = 0;
  private reads = false;
  /** The number of stanzas sent by its workers; -1 before the first check. */
  private sent = -1;
  private workersSend = false;
  /** The time of its workers' last sign of life. */
  private workersSince = 0;
  /** 0: not a suspect. */
  private suspectedSince = 0;

  constructor(node: ServiceNode, service: ServiceClass, now: number) {
    this.node = node;
    this.service = service;
    this.answeredAt = node.answeredAt;
    this.answeredElsewhere = node.elsewhere.answered;
    this.quietSince = now;
    this.lookedAt = now;
  }

  /** Whether it has answered since the last check. */
  get hasAnswered(): boolean {
    return this.hasAnsweredHere || this.node.elsewhere.answered > this.answeredElsewhere;
  }

  /** Whether that was a client of this process. */
  get hasAnsweredHere(): boolean {
    return this.node.answeredAt !== this.answeredAt;
  }

  /** The length of its silence at the last check. */
  get silenceMs(): number {
    return this.waiting === 0 ? 0 : this.lookedAt - this.quietSince;
  }

  /** Whether bytes are unread: such a silence is not usual. */
  get leftUnread(): boolean {
    return this.unreadSince !== 0;
  }

  /** Whether there is a reason to watch it: open requests, or a suspicion. */
  get isOpen(): boolean {
    return this.waiting > 0 || this.waitsElsewhere || this.suspectedSince !== 0;
  }

  noteAnswer(now: number): void {
    this.answeredAt = this.node.answeredAt;
    this.answeredElsewhere = this.node.elsewhere.answered;
    this.quietSince = now;
    this.unreadSince = 0;
    this.isGivenUp = false;
  }

  noteRequests(now: number): void {
    const { node } = this;
    this.lookedAt = now;
    this.waiting = countWaiting(node.newest, node.answeredAt, newerToOlder);
    this.waitsElsewhere = node.local && node.elsewhere.unanswered > 0;
    // Fewer: a member has left, and its report with it.
    this.answeredElsewhere = Math.min(this.answeredElsewhere, node.elsewhere.answered);
    this.anyWaits = this.waiting > 0 || countWaiting(node.oldest, 0, olderToNewer) > 0;
  }

  /** @param bytes Undefined: unknown. */
  noteUnread(bytes: number | undefined, now: number): void {
    const less = bytes !== undefined && this.unreadSince !== 0 && bytes < this.unread;
    this.reads = bytes === 0 || less;
    this.unread = bytes ?? -1;
    if (bytes === undefined || bytes === 0) this.unreadSince = 0;
    else if (less || this.unreadSince === 0) this.unreadSince = now;
  }

  noteWorkers(workers: readonly SeenWorker[], now: number): void {
    const before = this.sent;
    this.sent = workers.reduce((sum, { sent }) => sum + sent, 0);
    this.workersSend = before !== -1 && this.sent > before;
    // The sum shrinks when a worker ends, after its work is done.
    if (before !== -1 && this.sent !== before) this.workersSince = now;
  }

  noteSuspicion(now: number): void {
    const isSuspect = this.node.suspicion !== null;
    if (isSuspect === (this.suspectedSince !== 0)) return;
    this.suspectedSince = isSuspect ? now : 0;
    if (isSuspect) return;
    this.quietSince = now;
    this.isGivenUp = false;
  }

  quietMs(now: number): number {
    return now - this.quietSince;
  }

  seen(usualMs: number, successor: Seen['successor'], now: number): Seen {
    const { waiting, waitsElsewhere, anyWaits, reads, workersSend } = this;
    return {
      waiting,
      waitsElsewhere,
      anyWaits,
      quietMs: this.quietMs(now),
      lifelessMs: now - Math.max(this.quietSince, this.workersSince),
      usualMs,
      unreadMs: this.unreadSince === 0 ? -1 : now - this.unreadSince,
      reads,
      workersSend,
      successor,
      suspectedMs: this.suspectedSince === 0 ? -1 : now - this.suspectedSince,
    };
  }
}

function newerToOlder({ olderOfNode }: NodeRequest): NodeRequest | null {
  return olderOfNode;
}

function olderToNewer({ newerOfNode }: NodeRequest): NodeRequest | null {
  return newerOfNode;
}

/** Counts the open requests among a few with larger numbers. */
function countWaiting(first: NodeRequest | null, number: number, next: (request: NodeRequest) => NodeRequest | null): number {
  let waiting = 0;
  let request = first as RoutedRequest | null;
  for (let looked = 0; looked < FEW && request !== null && request.number > number; looked++) {
    if (expectsAnswer(request)) waiting++;
    request = next(request) as RoutedRequest | null;
  }
  return waiting;
}

/** A longer stanza has parameters, so it is a request. */
const SHORT = 2_000;
const TYPE_WITH_ANSWER = /(?:"|&quot;)(?:REQUEST|CONNECT)(?:"|&quot;)/;

/** OpenSRF's services answer everything but a DISCONNECT. */
function expectsAnswer({ original }: RoutedRequest): boolean {
  return original.length > SHORT || TYPE_WITH_ANSWER.test(original.inner);
}
