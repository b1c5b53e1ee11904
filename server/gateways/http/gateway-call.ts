import type { ServerResponse } from 'node:http';
import type { Clock } from '../../../shared/clock.ts';
import type { Job } from '../../../shared/job.ts';
import { NO_ACCOUNT } from '../../../shared/memory-account.ts';
import { type OsrfMessage, readOsrfMessages } from '../../../shared/osrf/message.ts';
import { readBodyText } from '../../../shared/osrf/read.ts';
import { osrfStanzaInPieces } from '../../../shared/osrf/stanzas.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { escapeText } from '../../../shared/xml.ts';
import type { CloseReason } from '../../kernel/close-reason.ts';
import { answerText } from '../../web/refusals.ts';
import type { GatewayWorker, WorkerCall } from './gateway-worker.ts';
import type { WorkerPool } from './worker-pool.ts';

/** The dependencies of calls. */
export interface CallEnvironment {
  readonly clock: Pick<Clock, 'now'>;
  readonly pool: WorkerPool;
}

/** The request of a call. */
export interface CallMessage {
  readonly to: string;
  readonly transactionId: string;
  /** XML text, in pieces. */
  readonly body: readonly string[];
}

/** One HTTP request of a browser, from its message on the bus to the end of the answer. */
export abstract class GatewayCall implements WorkerCall {
  readonly thread: string;
  protected readonly response: ServerResponse;
  private readonly environment: CallEnvironment;
  /** Called for each message of the answer. */
  private readonly timeoutMs: number;
  protected worker: GatewayWorker | null = null;
  private deadline = 0;
  private release: (() => void) | null = null;
  /** Of the worker's session, which may end before the call. */
  private account = NO_ACCOUNT;
  private keptBytes = 0;

  constructor(thread: string, timeoutMs: number, response: ServerResponse, environment: CallEnvironment) {
    this.thread = thread;
    this.timeoutMs = timeoutMs;
    this.response = response;
    this.environment = environment;
  }

  /** Sends the request. @param preferred The session to send it from. */
  start({ to, transactionId, body }: CallMessage, address: string, preferred: GatewayWorker | null): void {
    const { pool, clock } = this.environment;
    // The browser disconnected while its request was read.
    if (this.response.destroyed) return;
    const worker = pool.take(this, address, preferred);
    if (worker === null) {
      answerText(this.response, 503, 'There are too many requests (see webRequests).', { 'Retry-After': '1' });
      return;
    }
    this.worker = worker;
    this.account = worker.link?.account ?? NO_ACCOUNT;
    this.response.on('close', () => this.finish(true));
    this.response.on('drain', () => this.letGo());
    this.deadline = clock.now() + this.timeoutMs;
    worker.link?.submit(osrfStanzaInPieces({ to, from: '', thread: escapeText(this.thread), transactionId, form: 'child' }, body));
    if (this.awaited) return;
    this.response.writeHead(200, { 'Content-Length': 0 }).end();
    this.finish(false);
  }

  /** Whether an answer is expected. */
  protected get awaited(): boolean {
    return true;
  }

  *received(stanza: Stanza): Job {
    this.deadline = this.environment.clock.now() + this.timeoutMs;
    if (stanza.type === 'error') {
      this.bounced();
      return;
    }
    const body = yield* readBodyText(stanza);
    const messages = yield* readOsrfMessages(body);
    if (messages !== null && this.worker !== null) yield* this.answered(messages, body, stanza.from);
  }

  look(now: number): void {
    if (now < this.deadline) return;
    this.timedOut();
    this.finish(true);
  }

  refused(httpStatus: number): void {
    if (this.response.headersSent) this.response.destroy();
    else answerText(this.response, httpStatus, 'A fault of the test refuses this request.');
    this.finish(false);
  }

  lost(reason: CloseReason): void {
    if (this.worker === null) return;
    // A fault injected by a test breaks the connection.
    if (this.response.headersSent || reason === 'connection-failed') this.response.destroy();
    else answerText(this.response, 503, 'The session of this request has ended.');
    this.finish(true);
  }

  /** Messages have arrived. @param body The same messages, as sent. @param from The sender's JID. @returns the remaining steps, between which the call may end. */
  protected abstract answered(messages: readonly OsrfMessage[], body: string, from: string): Iterable<void>;

  /** The request bounced: there is no such service or worker. */
  protected abstract bounced(): void;

  /** No message arrived in time. */
  protected abstract timedOut(): void;

  /** Writes a part of the answer. A slow browser holds back its own messages only. */
  protected write(text: string): void {
    if (!this.response.write(text)) this.release ??= this.worker?.link?.hold() ?? null;
  }

  /** Whether it has ended. */
  protected get over(): boolean {
    return this.worker === null;
  }

  /** Sets the memory, in bytes, of content received and not yet written. */
  protected keeps(bytes: number): void {
    this.account.charge(bytes - this.keptBytes);
    this.keptBytes = bytes;
  }

  protected get kept(): number {
    return this.keptBytes;
  }

  /** Ends the answer. @param spent Whether more messages may come. */
  protected finish(spent: boolean): void {
    const { worker } = this;
    if (worker === null) return;
    this.keeps(0);
    this.worker = null;
    this.letGo();
    this.environment.pool.give(worker, spent);
  }

  private letGo(): void {
    const { release } = this;
    this.release = null;
    release?.();
  }
}
