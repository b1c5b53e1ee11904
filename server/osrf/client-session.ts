import type { Element } from '../../shared/element.ts';
import { type OsrfMessage, statusCodeOf } from '../../shared/osrf/message.ts';
import { messagesIn } from '../../shared/osrf/read.ts';
import { osrfStanza } from '../../shared/osrf/stanzas.ts';
import { bodyOf, type Envelope, type OutgoingMessage, requestMessage, sessionMessage } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeText } from '../../shared/xml.ts';
import { clearTimeout, setTimeout } from '../kernel/native.ts';
import { checkArgument } from '../kernel/option-kinds.ts';
import { Caller } from './caller.ts';
import type { ClientHome } from './client-home.ts';
import { bounceError, bounceOf, type FailureContext, isOfSender, OsrfError, OsrfTimeout, statusError } from './errors.ts';
import type { JabberLogin } from './login.ts';
import { RecentMessages } from './recent-messages.ts';
import { type MethodCall, OsrfRequest, type PromiseWithResolve, withResolve } from './request.ts';

/** The time-out of a request in OpenSRF's own libraries. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** Their time-out of a CONNECT. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Statuses by which a worker ends the session without executing the request: redirect, time-out, unknown session. */
const SENT_AWAY = new Set([307, 408, 417]);

/** The options of a session. */
export interface SessionOptions {
  readonly thread: string;
  /** The address of the service's class at its router. */
  readonly service: string;
  readonly envelope: Envelope;
  /** The time-out of a request, which each part of its answer restarts. */
  readonly timeoutMs: number;
  readonly nextTransactionId: () => string;
  /** The reason why the connection to the server is lost. */
  readonly lossReason: () => string;
  readonly home: ClientHome;
  readonly onEnd: () => void;
}

/** A CONNECT without an answer. */
interface PendingConnection extends PromiseWithResolve<string> {
  readonly timer: NodeJS.Timeout;
  readonly caller: Caller;
}

/**
 * An OpenSRF session on the client's side: a thread, a remote address, numbered requests. Stateless until
 * {@link connect}; then bound to one worker, and to another if that one redirects it or disappears.
 */
export class OsrfClientSession {
  /** The receiver of requests: the class at the router, or the connected worker. */
  remote: string;
  private state: 'stateless' | 'connecting' | 'connected' | 'disconnected' = 'stateless';
  private readonly jabber: JabberLogin;
  private readonly options: SessionOptions;
  private readonly requests = new Map<string, OsrfRequest>();
  private connection: PendingConnection | null = null;
  private readonly recent = new RecentMessages();
  private lastTrace = 0;

  constructor(jabber: JabberLogin, options: SessionOptions) {
    this.jabber = jabber;
    this.options = options;
    this.remote = options.service;
  }

  /** Binds the session to one worker. @returns its JID. @throws OsrfError, OsrfTimeout */
  connect(timeoutMs = CONNECT_TIMEOUT_MS): Promise<string> {
    checkArgument('connect: the time-out', timeoutMs, 'timeout');
    if (this.state === 'connected') return Promise.resolve(this.remote);
    if (this.connection !== null) return this.connection.promise;
    this.state = 'connecting';
    const timer = setTimeout(() => this.connectFailed(new OsrfTimeout(`CONNECT to ${this.options.service}`, timeoutMs)), timeoutMs);
    const connection = { ...withResolve<string>(), timer, caller: new Caller() };
    // A failure rejects the waiting requests and the caller's promise; this prevents an unhandled rejection.
    connection.promise.catch(() => {});
    this.connection = connection;
    this.write(sessionMessage('CONNECT', String(this.lastTrace)));
    return connection.promise;
  }

  /** Calls a method. A session may have several requests in flight. */
  request(method: string, ...params: unknown[]): OsrfRequest {
    return this.call(method, params);
  }

  /** Calls a method with its own time-out. */
  call(method: string, params: readonly unknown[], timeoutMs = this.options.timeoutMs): OsrfRequest {
    checkArgument('call: the method', method, 'name');
    checkArgument('call: the parameters', params, 'list');
    checkArgument('call: the time-out', timeoutMs, 'timeout');
    return this.send({ method, params, timeoutMs });
  }

  /** The same with bounds of its own. */
  send(call: MethodCall): OsrfRequest {
    const threadTrace = String(++this.lastTrace);
    const request = new OsrfRequest(threadTrace, this.options.service, call, this);
    this.requests.set(threadTrace, request);
    this.dispatch(request);
    return request;
  }

  /** A request has been answered or has failed. */
  settled(threadTrace: string): void {
    this.requests.delete(threadTrace);
  }

  /** Explains the failure of a request: the last messages of the thread, and the value that a stub threw. */
  explain(threadTrace: string): FailureContext {
    const { home, thread } = this.options;
    return { messages: this.recent.shown((method) => home.protects(method)), cause: home.thrown(thread, threadTrace) };
  }

  /** Releases the worker. Later requests go to the router. */
  disconnect(): void {
    if (this.state === 'connected') this.write(sessionMessage('DISCONNECT', String(this.lastTrace)));
    if (this.state === 'connecting') this.connectFailed(new OsrfError('client', 500, 'the session has ended', ''));
    this.state = 'stateless';
    this.remote = this.options.service;
  }

  /** Ends the session; its unanswered requests fail. */
  end(): void {
    this.disconnect();
    this.failAll(new OsrfError('client', 500, 'the session has ended', ''));
    this.options.onEnd();
  }

  /** Processes a message on this thread. */
  received(stanza: Stanza): void {
    const messages = messagesIn(stanza) ?? [];
    const error = bounceOf(stanza);
    if (error !== undefined) this.bounced(error, messages, stanza.from);
    else for (const message of messages) this.answered(message, stanza.from);
  }

  /** Fails all requests: the connection to the server is lost. */
  lost(): void {
    this.failAll(new OsrfError('connection', 500, this.options.lossReason(), ''));
  }

  private answered(message: OsrfMessage, from: string): void {
    const { type, threadTrace, payload } = message;
    this.recent.add({ from, to: this.jabber.jid, type, threadTrace, payload });
    if (message.type === 'STATUS') this.statusCame(message, from);
    if (message.type !== 'RESULT') return;
    const request = this.requests.get(message.threadTrace);
    request?.heard();
    request?.resultCame(message, from);
  }

  private statusCame(message: OsrfMessage, from: string): void {
    const code = statusCodeOf(message);
    const request = this.requestOf(message, code);
    if (code >= 100 && code < 300) this.goodStatusCame(code, request, from);
    else if (this.isAboutConnect(request)) this.connectFailed(statusError(message, from, this.options.service));
    else if (SENT_AWAY.has(code)) this.sentAway(request, message, from);
    else request?.fail(statusError(message, from, this.options.service));
  }

  private goodStatusCame(code: number, request: OsrfRequest | undefined, from: string): void {
    if (this.state === 'connecting' && code === 200) this.connected(from);
    else if (code === 205) request?.complete(from);
    else request?.heard();
  }

  // A listener with a full backlog always names request 1 in its 503, like the C library, regardless of the refused request.
  private requestOf({ threadTrace }: OsrfMessage, code: number): OsrfRequest | undefined {
    const [only, ...others] = this.requests.values();
    return this.requests.get(threadTrace) ?? (code === 503 && others.length === 0 ? only : undefined);
  }

  /** A CONNECT has the number of the previous request or, if repeated, of one that waits for it. */
  private isAboutConnect(request: OsrfRequest | undefined): boolean {
    return this.state === 'connecting' && (request === undefined || request.sentTo === '');
  }

  private connected(worker: string): void {
    this.remote = worker;
    this.state = 'connected';
    this.takeConnection()?.resolve(worker);
    for (const request of this.requests.values()) if (request.sentTo === '') this.dispatch(request);
  }

  private connectFailed(error: Error): void {
    this.state = 'disconnected';
    const connection = this.takeConnection();
    connection?.caller.giveTo(error, this.explain(''));
    connection?.reject(error);
    for (const request of [...this.requests.values()]) if (request.sentTo === '') request.fail(error);
  }

  private takeConnection(): PendingConnection | null {
    const { connection } = this;
    this.connection = null;
    if (connection !== null) clearTimeout(connection.timer);
    return connection;
  }

  // A worker that times out names no request: it discards all requests sent since.
  private sentAway(request: OsrfRequest | undefined, message: OsrfMessage, from: string): void {
    const cause = statusError(message, from, this.options.service);
    this.retry(request === undefined ? this.sentToWorker(from) : [request], from, cause);
  }

  private bounced(error: Element, messages: readonly OsrfMessage[], from: string): void {
    const cause = bounceError(error, from);
    this.recent.add({ from, to: this.jabber.jid, type: 'bounce', threadTrace: '', payload: cause.message });
    const hasType = (type: OsrfMessage['type']) => messages.some((message) => message.type === type);
    const named = messages.filter(({ type }) => type === 'REQUEST').map(({ threadTrace }) => this.requests.get(threadTrace));
    if (this.state === 'connecting' && (hasType('CONNECT') || messages.length === 0)) this.connectFailed(cause);
    // Ignore answers to a DISCONNECT. A bounce that names no request concerns all requests to its sender.
    if (named.length === 0 && (hasType('CONNECT') || hasType('DISCONNECT'))) return;
    const requests = (named.length > 0 ? named : this.sentToWorker(from)).filter((request) => request !== undefined);
    const direct = requests.filter(({ sentTo }) => sentTo !== this.options.service && !isOfSender(error));
    for (const request of requests) if (!direct.includes(request)) request.fail(cause);
    this.retry(direct, from, cause);
  }

  private sentToWorker(address: string): OsrfRequest[] {
    return [...this.requests.values()].filter(({ sentTo }) => sentTo === address);
  }

  /** Connects to another worker and resends the requests that the lost one did not execute. */
  private retry(requests: readonly OsrfRequest[], worker: string, cause: OsrfError): void {
    if (this.state === 'connected' && this.remote === worker) {
      this.state = 'disconnected';
      this.remote = this.options.service;
    }
    for (const request of requests) {
      if (request.mayResend()) this.dispatch(request);
      else request.fail(cause);
    }
  }

  private dispatch(request: OsrfRequest): void {
    request.heard();
    request.sentTo = '';
    if (this.state === 'disconnected') void this.connect();
    if (this.state === 'connecting') return;
    request.sentTo = this.remote;
    const { method, params } = request.call;
    request.transactionId = this.write(requestMessage(request.threadTrace, method, params));
  }

  /** @returns its `osrf_xid`. */
  private write(message: OutgoingMessage): string {
    if (!this.jabber.open) this.lost();
    const { thread, envelope, nextTransactionId } = this.options;
    const transactionId = nextTransactionId();
    this.recent.add({ from: this.jabber.jid, to: this.remote, ...message });
    const addressing = { to: this.remote, from: this.jabber.jid, thread: escapeText(thread), transactionId, form: 'child' } as const;
    this.jabber.send(osrfStanza(addressing, bodyOf([message], envelope)));
    return transactionId;
  }

  private failAll(error: Error): void {
    if (this.state === 'connecting') this.connectFailed(error);
    for (const request of [...this.requests.values()]) request.fail(error);
  }
}
