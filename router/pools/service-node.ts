import type { ExtensionForm } from '../../shared/extension.ts';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import { processName } from '../../shared/osrf/program-names.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { RoutedSession } from '../ports/environment.ts';

/** A request on the list of the node it was handed to, oldest first. */
export interface NodeRequest {
  olderOfNode: NodeRequest | null;
  newerOfNode: NodeRequest | null;
}

/**
 * Why a listener is believed to be dead:
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

/** What a {@link ServiceNode} is made from. */
export interface Registration {
  /** The number of the session that registered. */
  readonly session: number;
  /** The address it registered from: that of its session, or one of a component's. */
  readonly jid: string;
  /** Where its library looks for `router_from`: where it wrote `router_command`. */
  readonly form: ExtensionForm;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Of the memory that is kept for the session. */
  readonly account: MemoryAccount;
}

/** One registered listener of a service class. */
export class ServiceNode implements Registration {
  readonly session: number;
  readonly jid: string;
  readonly form: ExtensionForm;
  readonly since: number;
  readonly account: MemoryAccount;
  /** Messages handed to it. */
  count = 0;
  /** Requests it was handed whose answer has begun, or is there. */
  answered = 0;
  /** Its unanswered requests. */
  unanswered = 0;
  /** The oldest and the newest of them. */
  oldest: NodeRequest | null = null;
  newest: NodeRequest | null = null;
  /** It gets no new requests, until it registers again or is resumed. */
  draining = false;
  /** Null while it is believed to live. A suspect gets requests only if no other listener can. */
  suspicion: Suspicion | null = null;
  /** Whether the router looks for its answers now and then. */
  watched = false;
  /** The number that the ledger gave to its last answer: requests with a larger one were handed over after that. */
  answeredAt = 0;
  /** Its session. */
  readonly endpoint: RoutedSession;
  /** What its processes have in common, `''` if its address tells nothing of them. */
  readonly program: string;
  /** The number of its process on its machine, 0 if its address tells none. */
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

  /** Whether it should be passed over while another listener can take the request. */
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
