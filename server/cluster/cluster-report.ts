import type { Link } from './link/link.ts';
import type { MemberReplica } from './member-replica.ts';

/** The report of another member. Counts begin when it joined. */
export interface MemberReport {
  readonly name: string;
  /** Random for each start of its process. */
  readonly incarnation: string;
  /** Whether it seems to be dead or cut off. */
  readonly suspect: boolean;
  readonly sessions: number;
  /** Stanzas sent to it. */
  readonly crossings: number;
  /** Bytes that it has not acknowledged. */
  readonly unackedBytes: number;
  /** Bytes that wait until it has acknowledged others. */
  readonly queuedBytes: number;
  /** Milliseconds of the last measured round trip; 0: none. */
  readonly roundTripMs: number;
  readonly batches: number;
  /** Batches that were sent again. */
  readonly resent: number;
  /** How often it was suspect, and how often it was given up. */
  readonly suspected: number;
  readonly lost: number;
}

/** The report of a cluster, from the view of one member. */
export interface ClusterReport {
  readonly name: string;
  /** The name of this member. */
  readonly member: string;
  /** Whether it is connected to NATS. */
  readonly connected: boolean;
  /** Addresses for which it has asked the other members. */
  readonly asks: number;
  readonly members: readonly MemberReport[];
}

export function memberReport(link: Link, replica: MemberReplica | undefined): MemberReport {
  const { name, incarnation, suspect, unackedBytes, queuedBytes, roundTripMs, batches, resent, suspected, lost } = link;
  return {
    name,
    incarnation,
    suspect,
    sessions: replica?.sessions.size ?? 0,
    crossings: replica?.crossings ?? 0,
    unackedBytes,
    queuedBytes,
    roundTripMs: Math.round(roundTripMs * 100) / 100,
    batches,
    resent,
    suspected,
    lost,
  };
}
