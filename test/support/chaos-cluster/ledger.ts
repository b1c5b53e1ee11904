import type { OsrfMessage } from '../../../shared/osrf/message.ts';
import { statusCodeOf } from '../../../shared/osrf/message.ts';
import type { Stalls } from './stalls.ts';

/** What happened to the requests that were sent during one event. */
export interface EventCounts {
  readonly name: string;
  sent: number;
  answered: number;
  /** Ended by a status or a bounce. */
  refused: number;
  /** Their client's connection ended first. */
  abandoned: number;
  /** Neither answered nor refused. */
  silent: number;
  /** Complete, but with another number of results. */
  torn: number;
  /** Messages after a complete answer. */
  answeredTwice: number;
  /** Messages after a refusal: the answer of a member that was frozen or cut off. */
  late: number;
  /** The longest time to an answer or refusal, of clients whose own member was not disturbed, in milliseconds. */
  worstMs: number;
  /** The same without the stalls of the judge during the request. */
  worstNetMs: number;
  /** The same of the other clients. */
  worstThereMs: number;
  /** The time by which the judge's own timers were late. */
  stallMs: number;
}

/** One open request. */
interface Asked {
  readonly event: EventCounts;
  readonly at: number;
  /** The stalls of the judge until then. */
  readonly stalledMs: number;
  /** The member of its client. */
  readonly host: number;
  readonly parts: number;
  results: number;
}

/** A request without an answer after this time counts as silent. */
const SILENT_MS = 30_000;

/** The ledger of all requests: each is sent during one event, and ends once. */
export class Ledger {
  readonly events: EventCounts[] = [];
  current: EventCounts;
  /** The members that are disturbed now, whose own clients may wait longer. */
  readonly disturbed = new Set<number>();
  private readonly open = new Map<string, Asked>();
  /** The refused ones, for their late answers. */
  private readonly refusedIds = new Map<string, EventCounts>();
  private readonly now: () => number;
  private readonly stalls: Stalls;

  constructor(now: () => number, stalls: Stalls) {
    this.now = now;
    this.stalls = stalls;
    this.current = this.begin('nothing');
  }

  get waiting(): number {
    return this.open.size;
  }

  /** Begins the next event. */
  begin(name: string): EventCounts {
    const none = {
      sent: 0,
      answered: 0,
      refused: 0,
      abandoned: 0,
      silent: 0,
      torn: 0,
      answeredTwice: 0,
      late: 0,
      worstMs: 0,
      worstNetMs: 0,
      worstThereMs: 0,
      stallMs: 0,
    };
    this.current = { name, ...none };
    this.events.push(this.current);
    return this.current;
  }

  sent(id: string, host: number, parts: number): void {
    this.current.sent++;
    this.open.set(id, { event: this.current, at: this.now(), stalledMs: this.stalls.total(), host, parts, results: 0 });
  }

  /** @param bounced Whether the message came back as an error. @returns whether it ended the request. */
  received(id: string, message: OsrfMessage, bounced: boolean): boolean {
    const asked = this.open.get(id);
    if (asked === undefined) {
      const refused = this.refusedIds.get(id);
      if (refused === undefined) this.current.answeredTwice++;
      else refused.late++;
      return false;
    }
    if (!bounced && message.type === 'RESULT') {
      asked.results++;
      return false;
    }
    this.open.delete(id);
    this.time(asked);
    const { event } = asked;
    if (!bounced && statusCodeOf(message) === 205) {
      event.answered++;
      if (asked.results !== asked.parts) event.torn++;
      return true;
    }
    event.refused++;
    this.refusedIds.set(id, event);
    return true;
  }

  /** The client's connection has ended. */
  abandon(ids: Iterable<string>): void {
    for (const id of ids) {
      const asked = this.open.get(id);
      if (asked === undefined) continue;
      asked.event.abandoned++;
      this.open.delete(id);
    }
  }

  /** Counts requests that wait for too long as silent. @returns their number. */
  sweep(olderThanMs = SILENT_MS): string[] {
    const before = this.now() - olderThanMs;
    const silent = [...this.open].filter(([, { at }]) => at < before).map(([id]) => id);
    for (const id of silent) {
      (this.open.get(id) as Asked).event.silent++;
      this.open.delete(id);
    }
    return silent;
  }

  private time({ event, at, stalledMs, host }: Asked): void {
    const ms = this.now() - at;
    if (this.disturbed.has(host)) {
      event.worstThereMs = Math.max(event.worstThereMs, ms);
      return;
    }
    event.worstMs = Math.max(event.worstMs, ms);
    event.worstNetMs = Math.max(event.worstNetMs, ms - (this.stalls.total() - stalledMs));
  }
}
