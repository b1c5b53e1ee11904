import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Connection, ConnectionUser } from '../net/connection.ts';
import type { Resumption } from '../sessions/resumption.ts';
import type { Session } from '../sessions/session.ts';
import { isStanzaName, unsupportedStanza } from '../sessions/stanza-names.ts';

/** The stream of a session: hands it the stanzas that its connection reads. */
abstract class SessionStream implements ConnectionUser {
  protected readonly connection: Connection;
  protected readonly session: Session;

  constructor(connection: Connection, session: Session) {
    this.connection = connection;
    this.session = session;
  }

  abstract stanzaRead(stanza: Stanza, namespace: string): void;

  headerRead(): void {
    throw new StreamError('bad-format', 'a second stream header');
  }

  oversizedStanzaRead(stanza: Stanza): void {
    this.session.readOversized(stanza);
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  ended(reason: CloseReason, unsent: Stanza[]): void {
    this.session.linkEnded(reason, unsent);
  }
}

/** The stream of a client that has logged in. One of XMPP 1.0 may ask for stream management (XEP-0198 §3). */
export class ClientStream extends SessionStream {
  private readonly resumption: Resumption;

  constructor(connection: Connection, session: Session, resumption: Resumption) {
    super(connection, session);
    this.resumption = resumption;
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    if (namespace === NS.client && isStanzaName(stanza.name)) this.session.read(stanza);
    else if (namespace === NS.streamManagement && !this.session.isVersionless) this.resumption.elementRead(this.session, this.connection, stanza);
    else throw unsupportedStanza(stanza.name, namespace);
  }
}

/** The stream of a component behind its handshake (XEP-0114). */
export class ComponentStream extends SessionStream {
  stanzaRead(stanza: Stanza, namespace: string): void {
    // Some libraries declare jabber:client on each stanza, whatever the stream's namespace is.
    if ((namespace !== NS.component && namespace !== NS.client) || !isStanzaName(stanza.name)) throw unsupportedStanza(stanza.name, namespace);
    this.session.read(stanza);
  }
}
