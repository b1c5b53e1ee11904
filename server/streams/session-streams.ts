import type { Element } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Connection, SessionUser } from '../net/connection.ts';
import type { Resumption } from '../sessions/resumption.ts';
import type { Session } from '../sessions/session.ts';
import { unsupportedElement, unsupportedStanza } from '../sessions/unsupported.ts';

/** The stream of a session: hands it the stanzas that its connection reads. */
abstract class SessionStream implements SessionUser {
  readonly reads = 'stanzas';
  protected readonly connection: Connection;
  protected readonly session: Session;

  constructor(connection: Connection, session: Session) {
    this.connection = connection;
    this.session = session;
  }

  get jid(): string {
    return this.session.jid;
  }

  abstract stanzaRead(stanza: Stanza, namespace: string): void;

  elementRead(element: Element): void {
    throw unsupportedElement(element);
  }

  headerRead(): void {
    throw new StreamError('bad-format', 'a second stream header');
  }

  oversizedStanzaRead(stanza: Stanza, length: number): void {
    this.session.readOversized(stanza, length);
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  ended(reason: CloseReason, unsent: Stanza[]): void {
    this.session.linkEnded(reason, unsent);
  }
}

/** The stream of a client after its login. A client of XMPP 1.0 may enable stream management (XEP-0198 §3). */
export class ClientStream extends SessionStream {
  private readonly resumption: Resumption;

  constructor(connection: Connection, session: Session, resumption: Resumption) {
    super(connection, session);
    this.resumption = resumption;
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    if (namespace !== NS.client) throw unsupportedStanza(stanza.name, namespace);
    this.session.read(stanza);
  }

  override elementRead(element: Element): void {
    if (element.namespace !== NS.streamManagement || this.session.isVersionless) throw unsupportedElement(element);
    this.resumption.elementRead(this.session, this.connection, element);
  }
}

/** The stream of a component after its handshake (XEP-0114). */
export class ComponentStream extends SessionStream {
  stanzaRead(stanza: Stanza, namespace: string): void {
    // Some libraries declare jabber:client on each stanza, even on a stream with another namespace.
    if (namespace !== NS.component && namespace !== NS.client) throw unsupportedStanza(stanza.name, namespace);
    this.session.read(stanza);
  }
}
