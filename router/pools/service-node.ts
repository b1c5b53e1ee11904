import type { MemoryAccount } from '../../shared/memory-account.ts';
import { processName } from '../../shared/osrf/program-names.ts';
import type { KnownAddresses, Stanza } from '../../shared/stanza.ts';
import type { Listener } from '../ports/announcer.ts';
import type { RoutedSession } from '../ports/environment.ts';

/** A request on the list of the node it was handed to, oldest first. */
export interface NodeRequest {
  olderOfNode: NodeRequest | null;
  newerOfNode: NodeRequest | null;
}

/**
 * The reasons to suspect that a listener is dead:
 *
 *   silent     it answers nothing, for longer than is usual
 *   unread     it reads nothing
 *   replaced   it answers nothing, and a new process of its program has registered
 *   gone       its process no longer runs, and a new process of its program has registered
 */
export const SUSPICION_REASONS = ['silent', 'unread', 'replaced', 'gone'] as const;
export type SuspicionReason = (typeof SUSPICION_REASONS)[number];

/** The belief that a listener is dead. */
export interface Suspicion {
  readonly reason: SuspicionReason;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The counts of a listener's messages and requests at one or several members of a cluster. */
export interface Counts {
  /** Messages handed to it. */
  readonly count: number;
  /** Requests whose answer has begun or is complete. */
  readonly answered: number;
  /** Its unanswered requests. */
  readonly unanswered: number;
}

export const NO_COUNTS: Counts = Object.freeze({ count: 0, answered: 0, unanswered: 0 });

/** The parts of a {@link ServiceNode}. */
export interface Registration extends Omit<Listener, 'draining'> {
  /** The number of the session that registered. */
  readonly session: number;
  /** Charged for the memory kept for the session. */
  readonly account: MemoryAccount;
}

/** One registered listener of a service class. */
export class ServiceNode implements Registration, Listener, Counts {
  readonly session: number;
  readonly jid: string;
  readonly form: Listener['form'];
  readonly since: number;
  readonly account: MemoryAccount;
  /** See {@link Counts}. */
  count = 0;
  answered = 0;
  unanswered = 0;
  /** The counts that other members of a cluster have reported. */
  elsewhere = NO_COUNTS;
  /** The oldest and the newest of them. */
  oldest: NodeRequest | null = null;
  newest: NodeRequest | null = null;
  /** It gets no new requests until it registers again or is resumed. */
  draining = false;
  /** Null: not a suspect. A suspect gets requests only if no other listener can. */
  suspicion: Suspicion | null = null;
  /** Whether the router watches it for signs of death. */
  watched = false;
  /** The ledger's number at its last answer: requests with a larger number were handed over later. */
  answeredAt = 0;
  /** Those of requests to it; null before the first. */
  addresses: KnownAddresses | null = null;
  /** Its session. */
  readonly endpoint: RoutedSession;
  /** The name shared by its program's processes; `''` if its address does not contain one. */
  readonly program: string;
  /** Its process ID on its machine; 0 if its address does not contain one. */
  readonly pid: number;

  constructor({ session, jid, form, since, account }: Registration, endpoint: RoutedSession) {
    this.session = session;
    this.jid = jid;
    this.form = form;
    this.since = since;
    this.account = account;
    this.endpoint = endpoint;
    // An address of a component is not named after a process.
    const name = endpoint.jid === jid ? processName(jid) : null;
    this.program = name?.program ?? '';
    this.pid = name?.pid ?? 0;
  }

  /** Its unanswered requests at all members of a cluster. */
  get outstanding(): number {
    return this.unanswered + this.elsewhere.unanswered;
  }

  /** Its counts at all members of a cluster. */
  get total(): Counts {
    return sum(this, this.elsewhere, 1);
  }

  /** Whether its session is in this process, not at another member of a cluster. */
  get local(): boolean {
    return this.endpoint.local;
  }

  /** Whether to pass it over while another listener can take the request. */
  get stalled(): boolean {
    return this.endpoint.stalled;
  }

  /** Hands it a request. */
  deliver(request: Stanza): void {
    this.endpoint.deliver(request);
  }

  /** Puts a request at the end of its list. */
  addRequest(request: NodeRequest): void {
    request.olderOfNode = this.newest;
    if (this.newest === null) this.oldest = request;
    else this.newest.newerOfNode = request;
    this.newest = request;
    this.unanswered++;
  }

  /** Takes a request off its list. */
  removeRequest(request: NodeRequest): void {
    const { olderOfNode: older, newerOfNode: newer } = request;
    if (older === null) this.oldest = newer;
    else older.newerOfNode = newer;
    if (newer === null) this.newest = older;
    else newer.olderOfNode = older;
    request.olderOfNode = null;
    request.newerOfNode = null;
    this.unanswered--;
  }
}

/** Adds the counts of two members, or subtracts the second's. */
export function sum(one: Counts, other: Counts, sign: 1 | -1): Counts {
  return {
    count: one.count + sign * other.count,
    answered: one.answered + sign * other.answered,
    unanswered: one.unanswered + sign * other.unanswered,
  };
}
