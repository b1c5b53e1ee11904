import type { StanzaErrorCondition } from '../../shared/errors.ts';
import type { CloseReason } from './close-reason.ts';

/** Counts of events by name, without zeros. */
export class Tally<Name> extends Map<Name, number> {
  count(name: Name): void {
    this.set(name, (this.get(name) ?? 0) + 1);
  }
}

/** The counts of a session. */
export interface StanzaCounts {
  /** Stanzas from its peer, including oversized ones. */
  readonly stanzasRead: number;
  /** Stanzas delivered to it. */
  readonly stanzasDelivered: number;
}

/** The counts of a connection. */
export interface ByteCounts {
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** The traffic of a server's sessions and connections. */
export interface Traffic extends StanzaCounts, ByteCounts {}

type Sums = { -readonly [Key in keyof Traffic]: Traffic[Key] };

/** The counts of a server as they go to another process. */
export interface SavedCounts {
  readonly logins: number;
  readonly closes: readonly (readonly [CloseReason, number])[];
  readonly bounces: readonly (readonly [StanzaErrorCondition, number])[];
  readonly past: Traffic;
}

/**
 * The counts of a server since its creation. Sessions and connections count for themselves; their counts are added here when they end.
 */
export class ServerCounts {
  /** Sessions bound. */
  logins = 0;
  /** Connections closed, logged in or not. */
  readonly closes = new Tally<CloseReason>();
  /** Bounces of undeliverable stanzas; a router counts its own refusals. */
  readonly bounces = new Tally<StanzaErrorCondition>();
  private readonly past: Sums = { stanzasRead: 0, stanzasDelivered: 0, bytesRead: 0, bytesWritten: 0 };

  /** Its state, for another process. */
  save(): SavedCounts {
    return { logins: this.logins, closes: [...this.closes], bounces: [...this.bounces], past: this.past };
  }

  /** Goes on with the counts of another process. */
  restore({ logins, closes, bounces, past }: SavedCounts): void {
    this.logins += logins;
    for (const [reason, count] of closes) this.closes.set(reason, count);
    for (const [condition, count] of bounces) this.bounces.set(condition, count);
    Object.assign(this.past, past);
  }

  sessionEnded({ stanzasRead, stanzasDelivered }: StanzaCounts): void {
    this.past.stanzasRead += stanzasRead;
    this.past.stanzasDelivered += stanzasDelivered;
  }

  connectionClosed({ bytesRead, bytesWritten }: ByteCounts): void {
    this.past.bytesRead += bytesRead;
    this.past.bytesWritten += bytesWritten;
  }

  /** All stanzas read, for frequent queries. */
  stanzasRead(sessions: Iterable<StanzaCounts>): number {
    let sum = this.past.stanzasRead;
    for (const { stanzasRead } of sessions) sum += stanzasRead;
    return sum;
  }

  /** All traffic so far. @param sessions The open sessions. @param connections The open connections. */
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
