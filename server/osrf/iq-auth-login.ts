import { createHash } from 'node:crypto';
import { child, childText, type Element, text, xml } from '../../shared/element.ts';
import { NS } from '../../shared/namespaces.ts';
import type { NegotiationReceiver, StreamHeader } from '../../shared/reader/stream-receiver.ts';
import { type Credentials, LoginError } from './login.ts';

/** The connection of an {@link IqAuthLogin}. */
export interface LoginConnection {
  readonly write: (xml: string) => void;
  /** Called when the login is complete. */
  readonly loggedIn: () => void;
  readonly refused: (error: LoginError) => void;
  /** Called when the server has ended its stream. */
  readonly ended: () => void;
}

/** The client's side of a login with `jabber:iq:auth` and a digest (XEP-0078 §3.2), like OpenSRF's C library: without a version, and without a query for the fields. */
export class IqAuthLogin implements NegotiationReceiver {
  readonly reads = 'elements';
  private readonly jid: string;
  private readonly credentials: Credentials;
  private readonly connection: LoginConnection;

  constructor(jid: string, credentials: Credentials, connection: LoginConnection) {
    this.jid = jid;
    this.credentials = credentials;
    this.connection = connection;
  }

  headerRead(header: StreamHeader): void {
    const { username, password, resource } = this.credentials;
    const digest = createHash('sha1')
      .update(header.id + password)
      .digest('hex');
    const fields = [xml('username', {}, text(username)), xml('digest', {}, digest), xml('resource', {}, text(resource))];
    this.connection.write(xml('iq', { id: 'login', type: 'set' }, xml('query', { xmlns: NS.iqAuth }, ...fields)));
  }

  elementRead(element: Element): void {
    const { name, namespace, attributes, children } = element;
    if (namespace === NS.streams && name === 'error') this.refuse(children[0]?.name ?? 'stream error');
    if (name !== 'iq') return;
    if (attributes.get('type') === 'result') this.connection.loggedIn();
    else this.refuse(reasonIn(element));
  }

  footerRead(): void {
    this.connection.ended();
  }

  private refuse(reason: string): void {
    this.connection.refused(new LoginError(this.jid, reason, true));
  }
}

function reasonIn(iq: Element): string {
  const error = child(iq, 'error') ?? null;
  return (childText(error, 'text') || error?.children[0]?.name) ?? 'the server refused';
}
