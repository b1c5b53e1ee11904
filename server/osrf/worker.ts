import type { Timer } from '../../shared/clock.ts';
import { MAX_JSON_DEPTH, toJson, writeJson } from '../../shared/osrf/json.ts';
import { MAX_MESSAGES, type OsrfMessage } from '../../shared/osrf/message.ts';
import { isCostly, messagesIn } from '../../shared/osrf/read.ts';
import { Reply } from '../../shared/osrf/reply.ts';
import { osrfStanza } from '../../shared/osrf/stanzas.ts';
import { type AnswerTo, answerEnvelope, bodyOf, DEFAULT_ENVELOPE, FIRST_REQUEST, type OutgoingMessage, statusMessage } from '../../shared/osrf/write.ts';
import type { Stanza } from '../../shared/stanza.ts';
import { escapeText, unescapeXml } from '../../shared/xml.ts';
import type { ProgramTurns } from '../kernel/program-turns.ts';
import { Backlog } from './backlog.ts';
import type { JabberLogin } from './login.ts';
import type { Method, ServiceDescription } from './service-description.ts';
import { ServiceRequest, ServiceSession } from './service-request.ts';
import { ServiceStatus } from './service-status.ts';

/** The answer to an unreadable message, as to request 1, because the number is unknown. */
const UNREADABLE = `The body is not an array of OpenSRF messages, or has more than ${MAX_MESSAGES} of them, or is nested deeper than ${MAX_JSON_DEPTH} levels, or is too long`;

/** OpenSRF's text. */
export const BACKLOG_FULL = 'Service unavailable: no available children and backlog queue at limit';

/** The most characters of an unknown method's name in the answer. */
const MAX_NAME = 1_024;

/** A drone: processes one request of its listener at a time, or a session with one client until it disconnects or is silent for too long. */
export class Worker {
  readonly jabber: JabberLogin;
  /** Called when the worker is free for the next request. */
  onFree: () => void = () => {};
  private readonly service: ServiceDescription;
  /** The stanzas that it has not finished, including the current one. */
  private readonly backlog: Backlog;
  private work: Promise<void> = Promise.resolve();
  private session: ServiceSession | null = null;
  private silence: Timer | null = null;

  constructor(jabber: JabberLogin, service: ServiceDescription) {
    this.jabber = jabber;
    this.service = service;
    this.backlog = new Backlog(Number.POSITIVE_INFINITY, service.maxBacklogBytes);
    jabber.onMessage = (message) => {
      if (message.type !== 'error') this.take(message, message.from);
    };
  }

  get free(): boolean {
    return this.backlog.count === 0 && this.session === null;
  }

  /** Processes a stanza of a client, after those before it. */
  take(stanza: Stanza, client: string): void {
    if (!this.backlog.hasRoomFor(stanza)) {
      this.sendStatus(new ServiceSession(unescapeXml(stanza.thread), client, stanza.transactionId), FIRST_REQUEST, 503, BACKLOG_FULL);
      return;
    }
    this.backlog.add(stanza);
    this.silence?.cancel();
    this.work = this.work.then(async () => {
      await this.workOn(stanza, client).catch((error: unknown) => this.service.onFailure?.(error));
      this.backlog.remove(stanza);
      if (this.backlog.count > 0) return;
      this.awaitNext();
      if (this.free) this.onFree();
    });
  }

  private async workOn(stanza: Stanza, client: string): Promise<void> {
    const { turns } = this.service;
    await turns?.next();
    const session = this.sessionOf(stanza, client);
    const messages = this.messagesOf(stanza);
    if (messages === null) {
      this.sendStatus(session, FIRST_REQUEST, 400, UNREADABLE);
      return;
    }
    for (const message of messages) {
      if (turns?.over === true) await turns.next();
      try {
        this.service.onEvent?.({ kind: 'worker-received', worker: this.jabber.jid, from: client, type: message.type });
        await this.answer(message, stanza, session);
      } catch (error) {
        this.service.onFailure?.(error);
        this.sendStatus(session, message, 500, 'internal error of the service');
      }
    }
  }

  /** The messages of a stanza; null if it has none or too many. */
  private messagesOf(stanza: Stanza): OsrfMessage[] | null {
    const { maxRequestBytes = Number.POSITIVE_INFINITY } = this.service;
    if (stanza.length > maxRequestBytes || isCostly(stanza)) return null;
    const messages = messagesIn(stanza);
    return messages === null || messages.length > MAX_MESSAGES ? null : messages;
  }

  private sendStatus(session: ServiceSession, to: AnswerTo, code: number, text: string): void {
    this.send(session, to, [statusMessage(to.threadTrace, 'osrfMethodException', text, code)]);
  }

  private sessionOf({ thread: threadText, transactionId }: Stanza, client: string): ServiceSession {
    const thread = unescapeXml(threadText);
    if (this.session?.thread !== thread || this.session.client !== client) return new ServiceSession(thread, client, transactionId);
    this.session.transactionId = transactionId;
    return this.session;
  }

  private async answer(message: OsrfMessage, stanza: Stanza, session: ServiceSession): Promise<void> {
    if (message.type === 'CONNECT') this.session = session;
    session.connected = this.session === session;
    if (message.type === 'DISCONNECT') this.leave(session);
    if (message.type !== 'CONNECT' && message.type !== 'REQUEST') return;
    const outcome = this.service.answerer?.(message, stanza, (answer) => this.sendOwn(session, answer)) ?? 'unknown';
    if (outcome === 'session over') this.leave(session);
    if (outcome !== 'unknown') return;
    if (message.type === 'REQUEST') await this.call(message, session);
    else this.send(session, message, [statusMessage(message.threadTrace, 'osrfConnectStatus', 'Connection Successful', 200)]);
  }

  private async call(message: OsrfMessage, session: ServiceSession): Promise<void> {
    const { methods, implementation, service } = this.service;
    const { method: name } = message.payload;
    const method = typeof name === 'string' && Object.hasOwn(methods, name) ? methods[name] : undefined;
    const limits = typeof method === 'object' ? definedLimits(method) : {};
    const reply = new Reply(message.threadTrace, (messages) => this.send(session, message, messages), limits);
    if (method === undefined) {
      const asked = (typeof name === 'string' ? name : toJson(name ?? null)).slice(0, MAX_NAME);
      reply.fail(404, `Method [${asked}] not found for ${implementation ?? `service ${service}`}`);
      return;
    }
    const request = new ServiceRequest(service, message, session, reply);
    try {
      await giveResults(reply, await invoke(method, request), this.service.turns);
      reply.complete();
    } catch (error) {
      this.failed(error, request, reply);
    }
  }

  private failed(error: unknown, request: ServiceRequest, reply: Reply): void {
    const { method, session, threadTrace } = request;
    this.service.onThrown?.(error, request);
    if (error instanceof ServiceStatus) {
      reply.fail(error.statusCode, error.message, error.payloadClass);
      if (error.endsSession) this.leave(session);
      return;
    }
    reply.fail(500, ` *** Call to [${method}] failed for session [${session.thread}], thread trace [${threadTrace}]:\n${thrownText(error)}\n`);
  }

  private leave(session: ServiceSession): void {
    session.connected = false;
    if (this.session === session) this.session = null;
  }

  private awaitNext(): void {
    const { keepalive } = this.service;
    if (this.session === null || keepalive === undefined) return;
    this.silence = keepalive.clock.after(keepalive.ms, () => this.endSilentSession());
  }

  /** Ends a silent session; a client that disappeared without a DISCONNECT would block the worker forever. */
  private endSilentSession(): void {
    if (this.session === null || this.backlog.count > 0) return;
    this.send(this.session, DEFAULT_ENVELOPE, [statusMessage('0', 'osrfConnectStatus', 'Disconnected on timeout', 408)]);
    this.leave(this.session);
    this.onFree();
  }

  private send({ client, thread, transactionId }: ServiceSession, request: Omit<AnswerTo, 'threadTrace'>, messages: readonly OutgoingMessage[]): void {
    const addressing = { to: client, from: this.jabber.jid, thread: escapeText(thread), transactionId, form: 'child' } as const;
    this.jabber.send(osrfStanza(addressing, bodyOf(messages, answerEnvelope(request))));
  }

  /** Sends a stanza of the answerer. */
  private sendOwn({ client }: ServiceSession, stanza: Stanza): void {
    stanza.to = client;
    this.jabber.send(stanza);
  }
}

/** The text of a thrown value, which may not be an Error. */
function thrownText(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : (writeJson(thrown) ?? typeof thrown);
}

function invoke(method: Method, request: ServiceRequest): unknown {
  const params = request.params as never[];
  return typeof method === 'function' ? method(...params) : method.handle(request, ...params);
}

function definedLimits({ maxBundleSize, maxBundleCount, maxChunkSize }: Exclude<Method, (...params: never[]) => unknown>) {
  return {
    ...(maxBundleSize !== undefined && { maxBundleSize }),
    ...(maxBundleCount !== undefined && { maxBundleCount }),
    ...(maxChunkSize !== undefined && { maxChunkSize }),
  };
}

async function giveResults(reply: Reply, outcome: unknown, turns: ProgramTurns | undefined): Promise<void> {
  if (!isGenerator(outcome)) {
    // OpenSRF's services send no RESULT without a result.
    if (outcome !== undefined && outcome !== null) reply.result(outcome);
    return;
  }
  for await (const content of outcome) {
    reply.result(content);
    if (turns?.over === true) await turns.next();
  }
}

function isGenerator(outcome: unknown): outcome is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof outcome === 'object' && outcome !== null && 'next' in outcome && (Symbol.iterator in outcome || Symbol.asyncIterator in outcome);
}
