import type { StanzaErrorCondition } from '../../shared/errors.ts';
import type { CloseReason } from './close-reason.ts';

/** How often something happened, by name. What never happened is not there. */
export class Tally<Name> extends Map<Name, number> {
  count(name: Name): void {
    this.set(name, (this.get(name) ?? 0) + 1);
  }
}

/** What one session counts. */
export interface StanzaCounts {
  /** Stanzas it has sent, oversized ones included. */
  readonly stanzasRead: number;
  /** Stanzas it was handed. */
  readonly stanzasDelivered: number;
}

/** What one connection counts. */
export interface ByteCounts {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** What went through the sessions and connections of a server. */
export interface Traffic extends StanzaCounts, ByteCounts {}

type Sums = { -readonly [Key in keyof Traffic]: Traffic[Key] };

/**
 * What has happened in a server since it was made: plain additions, so that to be able to ask costs nothing. Sessions and connections count for
 * themselves, and what they have counted is added here when they are over.
 */
export class ServerCounts {
  /** Sessions bound. */
  logins = 0;
  /** Connections closed, logged in or not. */
  readonly closes = new Tally<CloseReason>();
  /** Stanzas sent back because nobody took them; what a router refuses, it counts itself. */
  readonly bounces = new Tally<StanzaErrorCondition>();
  private readonly past: Sums = { stanzasRead: 0, stanzasDelivered: 0, bytesRead: 0, bytesWritten: 0 };

  sessionEnded({ stanzasRead, stanzasDelivered }: StanzaCounts): void {
    this.past.stanzasRead += stanzasRead;
    this.past.stanzasDelivered += stanzasDelivered;
  }

  connectionClosed({ bytesRead, bytesWritten }: ByteCounts): void {
    this.past.bytesRead += bytesRead;
    this.past.bytesWritten += bytesWritten;
  }

  /** The part of it that is asked for often. */
  stanzasRead(sessions: Iterable<StanzaCounts>): number {
    let sum = this.past.stanzasRead;
    for (const { stanzasRead } of sessions) sum += stanzasRead;
    return sum;
  }

  /** All there was until now. @param sessions Those there are. @param connections Likewise. */
  traffic(sessions: Iterable<StanzaCounts>, connections: Iterable<ByteCounts>): Traffic {
    const sum = { ...this.past };
    for (const { stanzasRead, stanzasDelivered } of sessions) {
      sum.stanzasRead += stanzasRead;
      sum.stanzasDelivered += stanzasDelivered;
    }
    for (const { bytesRead, bytesWritten } of connections) {
      sum.bytesRead += bytesRead;
      sum.bytesWritten += bytesWritten;
    }
    return sum;
  }
}
