import type { ServerResponse } from 'node:http';
import { type OsrfMessage, statusCodeOf } from '../../../shared/osrf/message.ts';
import { answerText } from '../../web/refusals.ts';
import type { BrowserMessage } from '../browser-message.ts';
import { type CallEnvironment, GatewayCall } from '../http/gateway-call.ts';
import type { GatewayWorker } from '../http/gateway-worker.ts';
import { headerText, randomHex } from './header-text.ts';

/** Events of a call that concern its session. */
export interface SessionEvents {
  /** A worker of the service has accepted it. @param from Its JID. */
  connected(from: string, worker: GatewayWorker): void;
  /** The session has ended. */
  over(): void;
}

const CONNECT = 'CONNECT';
const NOTHING_LEFT: Iterable<void> = [];
const PLAIN = 'text/plain; charset=utf-8';

/** Messages of a browser, and all answers: one array at the end, or a multipart answer with one part per message. */
export class TranslatorCall extends GatewayCall {
  private readonly multipart: boolean;
  private readonly events: SessionEvents;
  /** The numbers of the unfinished requests, and {@link CONNECT}. */
  private readonly open = new Set<string>();
  /** The messages received; of those already sent, only the count matters. */
  private readonly parts: string[] = [];
  private readonly boundary: string;

  constructor(
    messages: readonly BrowserMessage[],
    multipart: boolean,
    events: SessionEvents,
    thread: string,
    timeoutMs: number,
    response: ServerResponse,
    environment: CallEnvironment,
  ) {
    super(thread, timeoutMs, response, environment);
    this.multipart = multipart;
    this.events = events;
    this.boundary = multipart ? randomHex() : '';
    for (const { type, threadTrace } of messages) if (type !== 'DISCONNECT') this.open.add(type === 'CONNECT' ? CONNECT : threadTrace);
  }

  /** A DISCONNECT alone gets no answer. */
  protected override get awaited(): boolean {
    return this.open.size > 0;
  }

  protected answered(messages: readonly OsrfMessage[], body: string, from: string): Iterable<void> {
    if (messages.every((message) => statusCodeOf(message) === 408 && message.type === 'STATUS')) {
      this.events.over();
      return NOTHING_LEFT;
    }
    for (const message of messages) if (message.type === 'STATUS') this.note(statusCodeOf(message), message.threadTrace, from);
    this.take(body.trim().slice(1, -1), from);
    if (this.open.size === 0) this.end();
    else if (!this.multipart) this.keeps(this.kept + body.length);
    return NOTHING_LEFT;
  }

  protected bounced(): void {
    this.events.over();
    this.fail(404, 'The service is not registered, or its worker is gone.');
    this.finish(false);
  }

  protected timedOut(): void {
    this.fail(504, 'The service did not answer in time.');
  }

  private note(code: number, threadTrace: string, from: string): void {
    if (code === 200 && this.worker !== null) {
      this.events.connected(from, this.worker);
      this.open.delete(CONNECT);
      return;
    }
    if (code < 205) return;
    // A listener with a full backlog always answers "request 1"; a refused CONNECT leaves nothing to wait for.
    if (!this.open.delete(threadTrace) || this.open.has(CONNECT)) this.open.clear();
  }

  /** @param messages JSON without the enclosing brackets. */
  private take(messages: string, from: string): void {
    const first = this.parts.length === 0;
    if (first) this.begin(from);
    this.parts.push(this.multipart ? '' : messages);
    if (!this.multipart) return;
    const { boundary } = this;
    this.write(`${first ? `--${boundary}\n` : ''}Content-type: text/plain\n\n[${messages}]\n\n--${boundary}${this.open.size === 0 ? '--' : ''}\n`);
  }

  private begin(from: string): void {
    const { response, thread, multipart, boundary } = this;
    response.setHeader('X-OpenSRF-from', headerText(from));
    response.setHeader('X-OpenSRF-thread', headerText(thread));
    if (multipart) response.writeHead(200, { 'Content-Type': `multipart/x-mixed-replace;boundary="${boundary}"` });
  }

  private end(): void {
    const { response, multipart, parts } = this;
    if (multipart) {
      response.end();
    } else {
      const text = `[${parts.join(',')}]`;
      response.writeHead(200, { 'Content-Type': PLAIN, 'Content-Length': Buffer.byteLength(text), 'X-Content-Type-Options': 'nosniff' }).end(text);
    }
    this.finish(false);
  }

  private fail(status: number, text: string): void {
    if (this.response.headersSent) this.response.destroy();
    else answerText(this.response, status, text);
  }
}
