import type { DeliveryObserver, RoutedSession } from '../../router/ports/environment.ts';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import type { Origin } from '../../shared/origin.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { attribute } from '../../shared/xml.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Session, SessionIdentity } from './session.ts';

/** The reasons to end a session of another member. */
export type EndReason = Extract<CloseReason, 'process-ended' | 'closed-by-operator'>;

/** Carries stanzas to another member of the cluster. */
export interface Carrier {
  /** The name of the member. */
  readonly member: string;
  /** Whether the member seems to be dead, or takes nothing. */
  readonly stalled: boolean;
  /** The account of the memory that is kept for the member. */
  readonly account: MemoryAccount;
  /** Sends a stanza to a session there. */
  send(session: RemoteSession, stanza: Stanza): void;
  /** A session there is no longer in the directory. */
  forgotten(session: RemoteSession): void;
  /** Ends a session there. */
  end(session: RemoteSession, reason: EndReason): void;
}

/** A session of another member, as that member announces it. */
export interface RemoteIdentity extends SessionIdentity {
  readonly kind: Session['kind'];
  /** Its number at its member. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** See {@link RoutedSession.host}. */
  readonly host: string;
  /** When its address was bound, by the cluster's common count; the larger one is the later. */
  readonly claim: number;
}

/** A session that another member of the cluster has. */
export class RemoteSession implements RoutedSession {
  readonly local = false;
  readonly kind: Session['kind'];
  readonly jid: string;
  readonly bareJid: string;
  readonly origin: Origin;
  readonly isVersionless: boolean;
  readonly since: number;
  readonly host: string;
  /** Its number at its member. */
  readonly number: number;
  readonly claim: number;
  readonly carrier: Carrier;
  /** Its member reports that its peer reads nothing. */
  peerStalled = false;
  /** Likewise that its outbox is too full for long answers. */
  backlogged = false;
  /** The stanzas from it that came here. */
  stanzasRead = 0;

  /** @param number Unique in this process. */
  constructor(identity: RemoteIdentity, number: number, carrier: Carrier) {
    const { username, domain, resource, isRouterAccount } = identity;
    this.kind = identity.kind;
    this.bareJid = username === '' ? domain : `${username}@${domain}`;
    this.jid = resource === '' ? this.bareJid : `${this.bareJid}/${resource}`;
    const { jid } = this;
    const fromAttribute = attribute('from', jid).trimStart();
    this.origin = Object.freeze({ jid, fromAttribute, domain, isRouterAccount, session: number, account: carrier.account });
    this.isVersionless = identity.isVersionless;
    this.since = identity.since;
    // Never this machine's: its processes are not seen here.
    this.host = identity.host === '' ? `@${carrier.member}` : identity.host;
    this.number = identity.number;
    this.claim = identity.claim;
    this.carrier = carrier;
  }

  get stalled(): boolean {
    return this.peerStalled || this.carrier.stalled;
  }

  deliver(stanza: Stanza): void {
    this.carrier.send(this, stanza);
  }

  /** Its own member's routers observe it. */
  observe(_observer: DeliveryObserver): void {}

  end(): void {
    this.carrier.end(this, 'process-ended');
  }
}
