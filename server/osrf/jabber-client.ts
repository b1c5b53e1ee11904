import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { xml } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { iqStanza } from '../../shared/iq.ts';
import { NS } from '../../shared/namespaces.ts';
import { StreamReader } from '../../shared/reader/stream-reader.ts';
import { OWN_LIMITS, type SessionReceiver } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { Utf8Decoder } from '../../shared/utf8.ts';
import { escapeAttribute } from '../../shared/xml.ts';
import { clearTimeout, setTimeout } from '../kernel/native.ts';
import { IqAuthLogin } from './iq-auth-login.ts';
import { ConnectError, type Credentials, type JabberLogin, LoginError, type LoginOptions } from './login.ts';

const LOGIN_TIMEOUT_MS = 10_000;
/** The time-out for the server to close its side; OpenSRF's programs do not wait at all. */
const CLOSE_TIMEOUT_MS = 1_000;

/** A client that is logged in to a Jabber server by `jabber:iq:auth`, the login of OpenSRF's programs. */
export class JabberClient implements JabberLogin, SessionReceiver {
  readonly reads = 'stanzas';
  readonly jid: string;
  /** Called for each `<message>`; set it right after the login. */
  onMessage: (message: Stanza) => void = () => {};
  /** Called for each `<iq>` after the login. */
  onIq: (iq: Stanza) => void = () => {};
  /** Called once when the connection has closed, by either side. */
  onClose: () => void = () => {};
  private readonly credentials: Credentials;
  private readonly socket: Duplex;
  private readonly decoder = new Utf8Decoder();
  /** Callbacks of {@link settled}, by the id of the ping. */
  private readonly settling = new Map<string, () => void>();
  private settleCount = 0;
  /** The reason why the connection was lost, or `''`. */
  private fault = '';

  private constructor(socket: Duplex, credentials: Credentials) {
    this.socket = socket;
    this.credentials = credentials;
    this.jid = `${credentials.username}@${credentials.domain}/${credentials.resource}`;
  }

  /** @throws ConnectError, LoginError */
  static async login(options: LoginOptions): Promise<JabberClient> {
    const socket = connect({ host: options.host, port: options.port, noDelay: true });
    const timer = giveUpAfter(socket, options);
    try {
      await once(socket, 'connect').catch((error) => Promise.reject(new ConnectError(options, reasonOf(error))));
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    options.onConnected?.();
    return JabberClient.loginOn(socket, options);
  }

  /** Logs in over an existing connection. @throws LoginError */
  static async loginOn(socket: Duplex, credentials: Credentials): Promise<JabberClient> {
    const client = new JabberClient(socket, credentials);
    const timer = giveUpAfter(socket, credentials);
    try {
      await client.negotiate();
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether it is still connected. */
  get open(): boolean {
    return !this.socket.destroyed;
  }

  /** Sends a stanza. The server overwrites its sender. */
  send(stanza: Stanza): void {
    this.socket.write(stanza.toXml());
  }

  /** Resolves when the server has processed all sent stanzas (by a ping, XEP-0199), or the connection has closed. */
  async settled(): Promise<void> {
    if (this.socket.destroyed) return;
    const id = `settled-${++this.settleCount}`;
    await new Promise<void>((resolve) => {
      this.settling.set(id, resolve);
      this.send(iqStanza(this.credentials.domain, '', 'get', id, xml('ping', { xmlns: NS.ping })));
    });
  }

  /** Closes the stream and the connection; resolves when the server has closed it too. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    const timer = setTimeout(() => this.socket.destroy(), CLOSE_TIMEOUT_MS);
    this.socket.end('</stream:stream>');
    await closed;
    clearTimeout(timer);
  }

  /** Drops the connection, as a killed process does. */
  kill(): void {
    if (this.socket instanceof Socket) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  headerRead(): void {}

  /** Ignores stream errors, after which the connection closes, and elements that OpenSRF does not use. */
  elementRead(): void {}

  stanzaRead(stanza: Stanza): void {
    if (stanza.name === 'message') this.onMessage(stanza);
    else if (stanza.name === 'iq') this.iqRead(stanza);
  }

  oversizedStanzaRead(): void {}

  footerRead(): void {
    this.socket.end();
  }

  private async negotiate(): Promise<void> {
    const { socket, jid, credentials } = this;
    await new Promise<void>((resolve, reject) => {
      const loggedIn = () => {
        reader.handOver(this, OWN_LIMITS);
        resolve();
      };
      const connection = { write: (text: string) => socket.write(text), loggedIn, refused: reject, ended: () => this.footerRead() };
      const reader = new StreamReader(new IqAuthLogin(jid, credentials, connection), OWN_LIMITS);
      socket.on('data', (chunk) => this.read(reader, chunk));
      socket.on('error', (error) => (this.fault = reasonOf(error)));
      socket.on('end', () => socket.end());
      socket.on('close', () => {
        reject(new LoginError(jid, this.fault || 'the server closed the connection', false));
        this.closed();
      });
      socket.write(`<stream:stream to='${escapeAttribute(credentials.domain)}' xmlns='${NS.client}' xmlns:stream='${NS.streams}'>`);
    });
  }

  // The program on that port may not speak XML.
  private read(reader: StreamReader, chunk: Buffer): void {
    try {
      reader.write(this.decoder.decode(chunk));
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.socket.destroy(new Error(`not a Jabber server (${error.message})`));
    }
  }

  private closed(): void {
    for (const resolve of this.settling.values()) resolve();
    this.onClose();
  }

  private iqRead(iq: Stanza): void {
    // An error is an answer too: a server without ping returns one.
    this.settling.get(iq.id)?.();
    this.settling.delete(iq.id);
    this.onIq(iq);
  }
}

/** For a name with several addresses, Node's error has a code but no message. */
function reasonOf(error: Error & { code?: string }): string {
  return error.message || error.code || error.name;
}

function giveUpAfter(socket: Duplex, { loginTimeoutMs = LOGIN_TIMEOUT_MS }: Credentials): NodeJS.Timeout {
  return setTimeout(() => socket.destroy(new Error(`no answer within ${loginTimeoutMs / 1000} s`)), loginTimeoutMs);
}
