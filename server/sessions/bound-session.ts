import type { DeliveryObserver, RoutedSession } from '../../router/ports/environment.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { removeRouterFrom } from '../../shared/extension.ts';
import type { Origin } from '../../shared/origin.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { attribute } from '../../shared/xml.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import { isOwnAddress } from '../kernel/loopback.ts';
import type { Debtor, PeerAccount, Rank } from '../kernel/memory-budget.ts';
import { hostOfPeer } from '../net/peer-address.ts';
import type { Link } from './link.ts';
import type { Session, SessionIdentity, SessionLife } from './session.ts';
import type { SessionEnvironment } from './session-environment.ts';

const NO_OBSERVERS: readonly DeliveryObserver[] = [];

function newLife({ nextNumber, clock }: SessionEnvironment): SessionLife {
  return { number: nextNumber(), since: clock.wallTime(), stanzasRead: 0, stanzasDelivered: 0 };
}

/** The common base of the sessions of clients and components. */
export abstract class BoundSession implements Session, RoutedSession, Debtor {
  abstract readonly kind: Session['kind'];
  abstract readonly answersPings: boolean;
  readonly jid: string;
  readonly bareJid: string;
  readonly origin: Origin;
  readonly account: PeerAccount;
  readonly isVersionless: boolean;
  readonly since: number;
  link: Link;
  stanzasRead: number;
  stanzasDelivered: number;
  protected readonly environment: SessionEnvironment;
  private observers = NO_OBSERVERS;

  /** @param life That of a session in another process; by default, a new one. */
  constructor(identity: SessionIdentity, link: Link, environment: SessionEnvironment, life = newLife(environment)) {
    const { username, domain, resource, isRouterAccount, isVersionless } = identity;
    this.bareJid = username === '' ? domain : `${username}@${domain}`;
    this.jid = resource === '' ? this.bareJid : `${this.bareJid}/${resource}`;
    this.account = link.account;
    const { jid, account } = this;
    const fromAttribute = attribute('from', jid).trimStart();
    this.origin = Object.freeze({ jid, fromAttribute, domain, isRouterAccount, session: life.number, account });
    this.isVersionless = isVersionless;
    this.since = life.since;
    this.link = link;
    this.stanzasRead = life.stanzasRead;
    this.stanzasDelivered = life.stanzasDelivered;
    this.environment = environment;
  }

  get peer(): string {
    return this.jid;
  }

  get rank(): Rank {
    return this.origin.isRouterAccount || this.environment.isListener(this.origin.session) ? 'listener' : 'client';
  }

  giveUp(): void {
    this.close('memory-budget', new StreamError('resource-constraint', 'the server needs the memory of this session'));
  }

  get local(): boolean {
    return true;
  }

  get backlogged(): boolean {
    return this.link.backlogged;
  }

  get stalled(): boolean {
    return !this.link.open || this.link.stalled;
  }

  get host(): string {
    const address = hostOfPeer(this.link.peer);
    return address === '' || isOwnAddress(address) ? '' : address;
  }

  end(): void {
    this.close('process-ended', new StreamError('connection-timeout', 'the process of this session has ended'));
  }

  observe(observer: DeliveryObserver): void {
    this.observers = [...this.observers, observer];
  }

  deliver(stanza: Stanza): void {
    if (stanza.hasNestedStanza && this.isVersionless) {
      this.environment.delivery.bounce(stanza, new StanzaError('not-acceptable', 'an OpenSRF client would misread a stanza nested in a stanza'));
      return;
    }
    const { observation, memory, delivery } = this.environment;
    if (memory.full && this.link.blocked) {
      delivery.bounce(stanza, new StanzaError('resource-constraint', 'no memory left for a session that does not read'));
      return;
    }
    for (const observer of this.observers) observation.delivered(observer, stanza);
    if (observation.tap !== null) observation.tap.delivered(this, stanza);
    this.stanzasDelivered++;
    this.link.send(stanza);
    observation.recent.add(stanza);
  }

  close(reason: CloseReason, error: StreamError | null): void {
    this.link.close(reason, error);
  }

  /** Its life so far, for another process. */
  get life(): SessionLife {
    const { origin, since, stanzasRead, stanzasDelivered } = this;
    return { number: origin.session, since, stanzasRead, stanzasDelivered };
  }

  abstract read(stanza: Stanza): void;

  abstract readOversized(stanza: Stanza, length: number): void;

  abstract forward(stanza: Stanza): void;

  linkEnded(reason: CloseReason, unsent: readonly Stanza[]): void {
    this.environment.owner.sessionEnded(this, reason, unsent);
  }

  /** Processes a stamped stanza. */
  protected take(stanza: Stanza): void {
    this.stanzasRead++;
    stanza.origin = this.origin;
    // Only a router may set router_from.
    if (stanza.routerFrom !== '' && !this.mayForward(stanza)) removeRouterFrom(stanza);
    const { tap, interceptor } = this.environment.observation;
    if (tap !== null) tap.read(this, stanza);
    if (interceptor === null || !interceptor.take(this, stanza)) this.forward(stanza);
  }

  /** Whether the sender of the stanza is a router. */
  protected mayForward(_stanza: Stanza): boolean {
    return this.origin.isRouterAccount;
  }

  protected refuseOversized(stanza: Stanza, length: number): void {
    this.stanzasRead++;
    this.environment.owner.oversizedStanzaRead(stanza, length);
    this.environment.delivery.bounceWithoutContent(stanza, new StanzaError('policy-violation', 'the stanza is larger than this server allows'));
  }

  protected forwardIq(stanza: Stanza): void {
    const { delivery } = this.environment;
    switch (stanza.type) {
      case 'get':
      case 'set':
      case 'result':
      case 'error':
        delivery.deliver(stanza);
        return;
      default:
        // RFC 6120 §8.2.3: the type is required, and must be one of these.
        delivery.bounce(stanza, new StanzaError('bad-request', 'an iq needs the type get, set, result or error'));
    }
  }
}
