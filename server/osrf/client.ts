import { randomBytes } from 'node:crypto';
import { DEFAULT_ENVELOPE, type Envelope } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { checkArgument, checkOptions } from '../kernel/option-kinds.ts';
import { type ClientHome, ELSEWHERE } from './client-home.ts';
import { OsrfClientSession, REQUEST_TIMEOUT_MS } from './client-session.ts';
import { JabberClient } from './jabber-client.ts';
import type { JabberLogin, LoginOptions } from './login.ts';
import { CLIENT_KINDS, CLIENT_NEEDS, SESSION_KINDS } from './option-kinds.ts';
import type { OsrfRequest } from './request.ts';

/** The envelope of a session's requests, and its time-out. */
export interface SessionSettings extends Envelope {
  /** The time-out of a request, which each part of its answer restarts; 60 s by default, as in OpenSRF's own libraries. */
  readonly timeoutMs: number;
}

/** The login, the router's name, and the defaults of all sessions. */
export interface ClientOptions extends LoginOptions, Partial<SessionSettings> {
  /** The local part of the router's address; `router` by default. */
  readonly routerName?: string;
}

const LOST = 'the connection to the Jabber server was lost';

/**
 * An OpenSRF client: one login, any number of sessions. Works with any Jabber server that runs OpenSRF.
 *
 *     const client = await OsrfClient.connect({ host: '127.0.0.1', port: 5222, domain: 'localhost', username: 'opensrf', password: 'password', resource: 'me' });
 *     await client.request('opensrf.math', 'add', 2, 2); // 4
 *     for await (const word of client.request('opensrf.simple-text', 'opensrf.simple-text.split', 'a b')) console.log(word);
 */
export class OsrfClient {
  /** The login. */
  readonly jabber: JabberLogin;
  private readonly routerName: string;
  private readonly domain: string;
  private readonly settings: SessionSettings;
  private readonly home: ClientHome;
  /** By thread. */
  private readonly sessions = new Map<string, OsrfClientSession>();
  private readonly startSeconds = Math.floor(SYSTEM_TIME.wallTime() / 1000);
  /** Shared by all clients of the process, whose transaction ids have the same prefix. */
  private static transactionCount = 0;
  private sessionCount = 0;
  private lossReason = LOST;

  private constructor(jabber: JabberLogin, { domain, routerName = 'router', ...options }: Omit<ClientOptions, 'host' | 'port'>, home = ELSEWHERE) {
    const { locale, ingress, apiLevel } = { ...DEFAULT_ENVELOPE, ...options };
    this.jabber = jabber;
    this.home = home;
    this.domain = domain;
    this.routerName = routerName;
    this.settings = { locale, ingress, apiLevel, timeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS };
    jabber.onMessage = (message) => this.received(message);
    jabber.onClose = () => {
      for (const session of this.sessions.values()) session.lost();
    };
  }

  /** @throws ConnectError, LoginError; TypeError for invalid options. */
  static async connect(options: ClientOptions): Promise<OsrfClient> {
    checkOptions('OsrfClient.connect', options, CLIENT_KINDS, CLIENT_NEEDS);
    return new OsrfClient(await JabberClient.login(options), options);
  }

  /** Makes a client from an existing login. */
  static on(login: JabberLogin, options: Omit<ClientOptions, 'host' | 'port'>, home?: ClientHome): OsrfClient {
    return new OsrfClient(login, options, home);
  }

  /** Its JID. */
  get jid(): string {
    return this.jabber.jid;
  }

  /** Whether it is still logged in. */
  get open(): boolean {
    return this.jabber.open;
  }

  /** Sends one request in a new session. It fails with an OsrfError or OsrfTimeout. */
  request(service: string, method: string, ...params: unknown[]): OsrfRequest {
    const session = this.session(service);
    const request = session.request(method, ...params);
    const end = () => session.end();
    request.answer.then(end, end);
    return request;
  }

  /** Begins a session with a service of the router of the client's domain. */
  session(service: string, settings: Partial<SessionSettings> = {}): OsrfClientSession {
    checkArgument('session: the service', service, 'name');
    return this.sessionAt(`${this.routerName}@${this.domain}/${service}`, settings);
  }

  /** Begins a session with a service by its full address, `ROUTER@DOMAIN/SERVICE`. */
  sessionAt(service: string, settings: Partial<SessionSettings> = {}): OsrfClientSession {
    checkArgument('session: the address', service, 'name');
    checkOptions('session', settings, SESSION_KINDS);
    // The thread must be unguessable: a peer that knows it could forge answers.
    const thread = `${SYSTEM_TIME.wallTime() / 1000}.${process.pid}.${++this.sessionCount}.${randomBytes(8).toString('hex')}`;
    const session = new OsrfClientSession(this.jabber, {
      thread,
      service,
      envelope: { ...this.settings, ...settings },
      timeoutMs: settings.timeoutMs ?? this.settings.timeoutMs,
      nextTransactionId: () => `${this.startSeconds}${process.pid}${++OsrfClient.transactionCount}`,
      lossReason: () => this.lossReason,
      home: this.home,
      onEnd: () => this.sessions.delete(thread),
    });
    this.sessions.set(thread, session);
    return session;
  }

  /** Logs out. Unanswered requests fail. @param reason The text of their errors. */
  async close(reason = LOST): Promise<void> {
    this.lossReason = reason;
    await this.jabber.close();
  }

  /** Drops the connection, as a killed process does. */
  kill(): void {
    this.jabber.kill();
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private received(message: Stanza): void {
    const session = this.sessions.get(unescapeXml(message.thread));
    if (session !== undefined) session.received(message);
    else if (message.thread === '' && message.type === 'error') this.bouncedWithoutThread(message);
  }

  // Some servers return only the error; then the address is the only clue to the session.
  private bouncedWithoutThread(message: Stanza): void {
    for (const session of [...this.sessions.values()]) if (session.remote === message.from) session.received(message);
  }
}
