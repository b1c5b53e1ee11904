import type { Clock } from '../../shared/clock.ts';
import { StanzaError, StreamError } from '../../shared/errors.ts';
import { removeRouterFrom } from '../../shared/extension.ts';
import { NS } from '../../shared/namespaces.ts';
import type { DeliveryObserver, SessionEndpoint, Stanza } from '../../shared/stanza.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Connection, ConnectionUser } from '../net/connection.ts';
import type { Interceptor } from './interceptor.ts';
import type { Presence } from './presence.ts';
import type { StreamManagement } from './stream-management.ts';
import type { Tap } from './tap.ts';

/** Who logged in, and how. */
export interface SessionIdentity {
  /** `''` for a component, as is the resource: it has the whole domain. */
  readonly username: string;
  readonly domain: string;
  readonly resource: string;
  /** Whether the account may speak as a router. */
  readonly privileged: boolean;
  /** Whether its stream has no `version`: a client of OpenSRF, which reacts to element names at any depth. */
  readonly legacy: boolean;
}

/** What sessions share. */
export interface SessionEnvironment {
  readonly clock: Clock;
  readonly delivery: Delivery;
  readonly presence: Presence;
  /** Told once, after the session's address is free. @param unsent What it never got. */
  readonly onEnded: (session: Session, reason: CloseReason, unsent: Stanza[]) => void;
  /** A session has sent an element of stream management, and has none yet. */
  readonly managementRead: (session: Session, element: Stanza, namespace: string) => void;
  /** Null while nobody looks. */
  tap: Tap | null;
  /** Null while nothing is to go wrong. */
  interceptor: Interceptor | null;
}

/** One authenticated stream with an address: the full JID it has bound. */
export class Session implements SessionEndpoint, ConnectionUser {
  readonly jid: string;
  readonly bareJid: string;
  readonly domain: string;
  readonly privileged: boolean;
  /** Whether its stream has no `version`, as all streams of OpenSRF. */
  readonly legacy: boolean;
  /** The one it has, or had last: it changes when the session is resumed. */
  connection: Connection;
  /** Null unless the client has asked for it. */
  management: StreamManagement | null = null;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** What it has sent, oversized stanzas included… */
  stanzasRead = 0;
  /** …and what it was handed. */
  stanzasDelivered = 0;
  observer: DeliveryObserver | null = null;
  protected readonly environment: SessionEnvironment;

  constructor(identity: SessionIdentity, connection: Connection, environment: SessionEnvironment) {
    const { username, domain, resource } = identity;
    this.bareJid = username === '' ? domain : `${username}@${domain}`;
    this.jid = resource === '' ? this.bareJid : `${this.bareJid}/${resource}`;
    this.domain = domain;
    this.privileged = identity.privileged;
    this.legacy = identity.legacy;
    this.connection = connection;
    this.since = environment.clock.wallTime();
    this.environment = environment;
  }

  /** Whether its client speaks XMPP 1.0, so that it can be asked whether it is there. */
  get answersPings(): boolean {
    return !this.legacy;
  }

  get backlogged(): boolean {
    return this.connection.backlogged;
  }

  get stalled(): boolean {
    return !this.connection.open || this.connection.stalled;
  }

  deliver(stanza: Stanza): void {
    if (stanza.misleading && this.legacy) {
      this.environment.delivery.bounce(stanza, new StanzaError('not-acceptable', 'a stanza inside a stanza would mislead this OpenSRF client'));
      return;
    }
    if (this.observer !== null) this.observer.delivered(stanza);
    if (this.environment.tap !== null) this.environment.tap.delivered(this, stanza);
    this.stanzasDelivered++;
    if (this.management === null) this.connection.sendStanza(stanza);
    else this.management.sendStanza(stanza);
  }

  /** Ends the session, whether it has a connection or waits for one. @param error goes to the peer. */
  close(reason: CloseReason, error: StreamError | null): void {
    if (this.management === null) this.connection.close(reason, error);
    else this.management.end(reason, error);
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    if (namespace !== NS.client || !isStanzaName(stanza.name)) {
      this.otherRead(stanza, namespace);
      return;
    }
    // The sender is whom we know him to be, whatever he says.
    stanza.from = this.jid;
    this.take(stanza);
  }

  /** Takes a stanza that this session has sent, by an address of its own. */
  protected take(stanza: Stanza): void {
    this.stanzasRead++;
    stanza.sender = this;
    // Only a router may speak for others.
    if (stanza.routerFrom !== '' && !this.privileged) removeRouterFrom(stanza);
    const { tap, interceptor } = this.environment;
    if (tap !== null) tap.read(this, stanza);
    if (interceptor === null || !interceptor.take(this, stanza)) this.forward(stanza);
  }

  /** Hands on a stanza that this session has sent. */
  forward(stanza: Stanza): void {
    switch (stanza.name) {
      case 'message':
        this.environment.delivery.deliver(stanza);
        return;
      case 'iq':
        this.iqRead(stanza);
        return;
      default:
        this.environment.presence.presenceRead(this, stanza);
    }
  }

  oversizedStanzaRead(stanza: Stanza): void {
    stanza.from = this.jid;
    this.refuseOversized(stanza);
  }

  protected refuseOversized(stanza: Stanza): void {
    this.stanzasRead++;
    this.environment.delivery.bounceWithoutContent(stanza, new StanzaError('policy-violation', 'the stanza is larger than this server allows'));
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  headerRead(): void {
    throw new StreamError('bad-format', 'a second stream header');
  }

  ended(reason: CloseReason, unsent: Stanza[]): void {
    this.environment.presence.ended(this);
    this.environment.onEnded(this, reason, unsent);
  }

  /** A client of XMPP 1.0 may ask for stream management (XEP-0198 §3). */
  private otherRead(element: Stanza, namespace: string): void {
    if (namespace !== NS.streamManagement || this.legacy) throw unsupportedStanza(element, namespace);
    this.environment.managementRead(this, element, namespace);
  }

  private iqRead(stanza: Stanza): void {
    const { delivery } = this.environment;
    switch (stanza.type) {
      case 'get':
      case 'set':
      case 'result':
      case 'error':
        delivery.deliver(stanza);
        return;
      default:
        // RFC 6120 §8.2.3: the type is required, and is one of those.
        delivery.bounce(stanza, new StanzaError('bad-request', 'an iq needs the type get, set, result or error'));
    }
  }
}

/** RFC 6120 §8: there are three. */
export function isStanzaName(name: string): boolean {
  return name === 'message' || name === 'iq' || name === 'presence';
}

/** RFC 6120 §4.9.3.2, §4.9.3.24 */
export function unsupportedStanza(stanza: Stanza, namespace: string): StreamError {
  if (stanza.name.includes(':')) return new StreamError('bad-namespace-prefix', 'stanzas must be in the default namespace, without a prefix');
  return new StreamError('unsupported-stanza-type', `<${stanza.name} xmlns='${namespace}'> is no stanza`);
}
