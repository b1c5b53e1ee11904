import { randomBytes } from 'node:crypto';
import { DEFAULT_ENVELOPE, type Envelope } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import { SYSTEM_TIME } from '../kernel/clock.ts';
import { OsrfClientSession, REQUEST_TIMEOUT_MS } from './client-session.ts';
import { JabberClient } from './jabber-client.ts';
import type { JabberLogin, LoginOptions } from './login.ts';
import type { OsrfRequest } from './request.ts';

/** What a session says with each of its requests, and how long it waits. */
export interface SessionSettings extends Envelope {
  /** For each request, and for each further sign of life of it: 60 s where it is missing, as in OpenSRF's own libraries. */
  readonly timeoutMs: number;
}

/** Where to log in, the name of the router's account there, and what all sessions say where they are not told otherwise. */
export interface ClientOptions extends LoginOptions, Partial<SessionSettings> {
  /** The local part of the router's address; `router` where it is missing. */
  readonly routerName?: string;
}

/**
 * A small OpenSRF client: one login, any number of sessions. Works with any Jabber server on which OpenSRF runs.
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
  /** By thread. */
  private readonly sessions = new Map<string, OsrfClientSession>();
  private readonly startSeconds = Math.floor(SYSTEM_TIME.wallTime() / 1000);
  /** Of all clients of the process: they have its start and its number in common. */
  private static transactionCount = 0;
  private sessionCount = 0;

  private constructor(jabber: JabberLogin, { domain, routerName = 'router', ...options }: Omit<ClientOptions, 'host' | 'port'>) {
    const { locale, ingress, apiLevel } = { ...DEFAULT_ENVELOPE, ...options };
    this.jabber = jabber;
    this.domain = domain;
    this.routerName = routerName;
    this.settings = { locale, ingress, apiLevel, timeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS };
    jabber.onMessage = (message) => this.received(message);
    jabber.onClose = () => {
      for (const session of this.sessions.values()) session.lost();
    };
  }

  /** @throws ConnectError, LoginError */
  static async connect(options: ClientOptions): Promise<OsrfClient> {
    return new OsrfClient(await JabberClient.login(options), options);
  }

  /** A client with a login that there is already. */
  static on(login: JabberLogin, options: Omit<ClientOptions, 'host' | 'port'>): OsrfClient {
    return new OsrfClient(login, options);
  }

  /** The address it is logged in with. */
  get jid(): string {
    return this.jabber.jid;
  }

  /** Whether it is still logged in. */
  get open(): boolean {
    return this.jabber.open;
  }

  /** One request in a session of its own. It fails with an OsrfError or OsrfTimeout. */
  request(service: string, method: string, ...params: unknown[]): OsrfRequest {
    const session = this.session(service);
    const request = session.request(method, ...params);
    const end = () => session.end();
    request.answer.then(end, end);
    return request;
  }

  /** A session with a service of the router of our domain. */
  session(service: string, settings: Partial<SessionSettings> = {}): OsrfClientSession {
    return this.sessionAt(`${this.routerName}@${this.domain}/${service}`, settings);
  }

  /** A session with a service by its whole address, `ROUTER@DOMAIN/SERVICE`. */
  sessionAt(service: string, settings: Partial<SessionSettings> = {}): OsrfClientSession {
    // Whoever knows the thread can answer in somebody's place.
    const thread = `${SYSTEM_TIME.wallTime() / 1000}.${process.pid}.${++this.sessionCount}.${randomBytes(8).toString('hex')}`;
    const session = new OsrfClientSession(this.jabber, {
      thread,
      service,
      envelope: { ...this.settings, ...settings },
      timeoutMs: settings.timeoutMs ?? this.settings.timeoutMs,
      nextTransactionId: () => `${this.startSeconds}${process.pid}${++OsrfClient.transactionCount}`,
      onEnd: () => this.sessions.delete(thread),
    });
    this.sessions.set(thread, session);
    return session;
  }

  /** Logs out. What has not been answered fails. */
  async close(): Promise<void> {
    await this.jabber.close();
  }

  /** Drops the connection without a word, as a killed process does. */
  kill(): void {
    this.jabber.kill();
  }

  /** The same as {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private received(message: Stanza): void {
    const session = this.sessions.get(unescapeXml(message.thread));
    if (session !== undefined) session.received(message);
    else if (message.thread === '' && message.type === 'error') this.bouncedWithoutThread(message);
  }

  // Some servers return no more than the error; the address is all there is to know it by.
  private bouncedWithoutThread(message: Stanza): void {
    for (const session of [...this.sessions.values()]) if (session.remote === message.from) session.received(message);
  }
}
