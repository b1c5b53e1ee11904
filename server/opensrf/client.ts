import { randomBytes } from 'node:crypto';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import { OsrfClientSession } from './client-session.ts';
import { JabberClient, type LoginOptions } from './jabber-client.ts';
import { DEFAULT_ENVELOPE, type Envelope } from './message.ts';
import type { Answer } from './request.ts';

/** Where to log in, and the name of the router's account there. */
export interface ClientOptions extends LoginOptions {
  readonly routerName?: string;
}

/** A small OpenSRF client: one login, any number of sessions. */
export class OsrfClient {
  readonly jabber: JabberClient;
  private readonly routerName: string;
  private readonly domain: string;
  /** By thread. */
  private readonly sessions = new Map<string, OsrfClientSession>();
  private readonly startSeconds = Math.floor(Date.now() / 1000);
  private sessionCount = 0;
  private transactionCount = 0;

  private constructor(jabber: JabberClient, domain: string, routerName: string) {
    this.jabber = jabber;
    this.domain = domain;
    this.routerName = routerName;
    jabber.onMessage = (message) => this.received(message);
    jabber.onClose = () => {
      for (const session of this.sessions.values()) session.lost();
    };
  }

  /** @throws ConnectError, LoginError */
  static async connect(options: ClientOptions): Promise<OsrfClient> {
    return new OsrfClient(await JabberClient.login(options), options.domain, options.routerName ?? 'router');
  }

  get jid(): string {
    return this.jabber.jid;
  }

  /** One request in a session of its own. @throws OsrfError, OsrfTimeout */
  async request(service: string, method: string, ...params: unknown[]): Promise<Answer> {
    const session = this.session(service);
    try {
      return await session.request(method, params).answer;
    } finally {
      session.end();
    }
  }

  /** A session with a service of the router of our domain. */
  session(service: string, envelope: Partial<Envelope> = {}): OsrfClientSession {
    return this.sessionAt(`${this.routerName}@${this.domain}/${service}`, envelope);
  }

  /** A session with a service by its whole address, `ROUTER@DOMAIN/SERVICE`. */
  sessionAt(service: string, envelope: Partial<Envelope> = {}): OsrfClientSession {
    // Whoever knows the thread can answer in somebody's place.
    const thread = `${Date.now() / 1000}.${process.pid}.${++this.sessionCount}.${randomBytes(8).toString('hex')}`;
    const session = new OsrfClientSession(this.jabber, {
      thread,
      service,
      envelope: { ...DEFAULT_ENVELOPE, ...envelope },
      nextTransactionId: () => `${this.startSeconds}${process.pid}${++this.transactionCount}`,
      onEnd: () => this.sessions.delete(thread),
    });
    this.sessions.set(thread, session);
    return session;
  }

  async close(): Promise<void> {
    await this.jabber.close();
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
