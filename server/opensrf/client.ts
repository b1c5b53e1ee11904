import { bodyText, type OsrfMessage, parseOsrfMessages } from '../../shared/osrf-message.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { unescapeXml } from '../../shared/xml.ts';
import { ResultPieces } from './chunks.ts';
import { JabberClient, type LoginOptions } from './jabber-client.ts';
import { messageXml, type OutgoingMessage, statusCodeOf } from './message.ts';

/** What came back for one request. */
export interface Answer {
  /** The contents of its results, in order. */
  readonly results: readonly unknown[];
  /** The JID of the worker that completed it. */
  readonly from: string;
}

/** A service, a router or the Jabber server answered with an error. */
export class OsrfError extends Error {
  /** OpenSRF's status code, or the legacy code of a bounce. */
  readonly statusCode: number;
  readonly from: string;

  constructor(statusCode: number, status: string, from: string) {
    super(`${statusCode} ${status}`);
    this.name = 'OsrfError';
    this.statusCode = statusCode;
    this.from = from;
  }
}

/** No answer within the time the caller gave. */
export class OsrfTimeout extends Error {
  constructor(what: string, ms: number) {
    super(`${what}: no answer within ${ms} ms`);
    this.name = 'OsrfTimeout';
  }
}

/** OpenSRF's own libraries wait as long for a request. */
const DEFAULT_TIMEOUT_MS = 60_000;

interface Waiting {
  readonly results: unknown[];
  readonly pieces: ResultPieces;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** A small OpenSRF client: one login, any number of sessions. */
export class OsrfClient {
  readonly jabber: JabberClient;
  private readonly routerName: string;
  private readonly domain: string;
  /** By thread. */
  private readonly sessions = new Map<string, OsrfClientSession>();
  private sessionCount = 0;

  private constructor(jabber: JabberClient, domain: string, routerName: string) {
    this.jabber = jabber;
    this.domain = domain;
    this.routerName = routerName;
    jabber.onMessage = (message) => this.sessions.get(unescapeXml(message.thread))?.received(message);
    jabber.onClose = () => {
      for (const session of this.sessions.values()) session.lost();
    };
  }

  /** @throws LoginError */
  static async connect(options: LoginOptions & { readonly routerName?: string }): Promise<OsrfClient> {
    return new OsrfClient(await JabberClient.login(options), options.domain, options.routerName ?? 'router');
  }

  get jid(): string {
    return this.jabber.jid;
  }

  /** One request in a session of its own. @throws OsrfError, OsrfTimeout */
  async request(service: string, method: string, ...params: unknown[]): Promise<Answer> {
    const session = this.session(service);
    try {
      return await session.request(method, params);
    } finally {
      session.end();
    }
  }

  /** A session with a service; its requests go by way of the router until it is connected. */
  session(service: string): OsrfClientSession {
    const thread = `${Date.now() / 1000}.${process.pid}.${++this.sessionCount}`;
    const session = new OsrfClientSession(this.jabber, thread, `${this.routerName}@${this.domain}/${service}`, () => this.sessions.delete(thread));
    this.sessions.set(thread, session);
    return session;
  }

  async close(): Promise<void> {
    await this.jabber.close();
  }
}

/** OpenSRF's application session on the client's side: a thread, a remote address, numbered requests. */
export class OsrfClientSession {
  readonly thread: string;
  /** Where requests go: the class at the router, or the worker the session is connected to. */
  remote: string;
  private readonly service: string;
  private readonly jabber: JabberClient;
  private readonly onEnd: () => void;
  private readonly waiting = new Map<string, Waiting>();
  private lastTrace = 0;

  constructor(jabber: JabberClient, thread: string, service: string, onEnd: () => void) {
    this.jabber = jabber;
    this.thread = thread;
    this.service = service;
    this.remote = service;
    this.onEnd = onEnd;
  }

  /** Binds the session to one worker. @returns its JID. */
  async connect(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<string> {
    const { from } = await this.send('CONNECT', '0', null, timeoutMs);
    this.remote = from;
    return from;
  }

  async request(method: string, params: readonly unknown[], timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Answer> {
    return this.send('REQUEST', String(++this.lastTrace), ['osrfMethod', { method, params }], timeoutMs);
  }

  /** Lets the worker go. The session goes on by way of the router. */
  disconnect(): void {
    if (this.remote === this.service) return;
    this.write({ type: 'DISCONNECT', threadTrace: String(this.lastTrace), payload: null });
    this.remote = this.service;
  }

  /** Forgets the session. */
  end(): void {
    this.disconnect();
    this.onEnd();
  }

  /** A message on this thread has come. */
  received(stanza: Stanza): void {
    if (stanza.type === 'error') {
      this.bounced(stanza);
      return;
    }
    for (const message of parseOsrfMessages(bodyText(stanza)) ?? []) this.answered(message, stanza.from);
  }

  /** The connection is gone. */
  lost(): void {
    for (const waiting of this.waiting.values()) waiting.reject(new OsrfError(500, 'the connection to the Jabber server was lost', ''));
    this.waiting.clear();
  }

  private send(type: 'CONNECT' | 'REQUEST', threadTrace: string, payload: OutgoingMessage['payload'], timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(threadTrace, new OsrfTimeout(`${type} to ${this.remote}`, timeoutMs)), timeoutMs);
      const settled = () => clearTimeout(timer);
      this.waiting.set(threadTrace, {
        results: [],
        pieces: new ResultPieces(),
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.write({ type, threadTrace, payload });
    });
  }

  private write(message: OutgoingMessage): void {
    this.jabber.send(messageXml(this.remote, this.jabber.jid, '', this.thread, [message]));
  }

  private answered(message: OsrfMessage, from: string): void {
    const waiting = this.waiting.get(message.threadTrace);
    if (waiting === undefined) return;
    if (message.type === 'RESULT') {
      this.resultCame(message, waiting, from);
      return;
    }
    const statusCode = statusCodeOf(message);
    switch (statusCode) {
      case 100:
        return;
      case 200:
      case 205:
        this.waiting.delete(message.threadTrace);
        waiting.resolve({ results: waiting.results, from });
        return;
      default:
        this.fail(message.threadTrace, new OsrfError(statusCode, String(message.payload['status'] ?? ''), from));
    }
  }

  private resultCame(message: OsrfMessage, { results, pieces }: Waiting, from: string): void {
    const { content } = message.payload;
    try {
      if (message.payloadClass === 'osrfResultPartial') pieces.add(content);
      else results.push(message.payloadClass === 'osrfResultPartialComplete' ? pieces.take() : content);
    } catch {
      this.fail(message.threadTrace, new OsrfError(500, 'the pieces of a large result do not fit together', from));
    }
  }

  // A bounce repeats what was sent, so it says itself which requests it is about.
  private bounced(stanza: Stanza): void {
    const code = Number(/<error code='(\d+)'/.exec(stanza.inner)?.[1] ?? 500);
    for (const { threadTrace } of parseOsrfMessages(bodyText(stanza)) ?? []) {
      this.fail(threadTrace, new OsrfError(code, 'the message came back undelivered', stanza.from));
    }
  }

  private fail(threadTrace: string, error: Error): void {
    const waiting = this.waiting.get(threadTrace);
    this.waiting.delete(threadTrace);
    waiting?.reject(error);
  }
}
