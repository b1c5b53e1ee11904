import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Job, JobRunner } from '../../../shared/job.ts';
import { parseOsrfMessages, readOsrfMessages } from '../../../shared/osrf/message.ts';
import { bodyText, readBodyText } from '../../../shared/osrf/read.ts';
import { osrfStanzaInPieces } from '../../../shared/osrf/stanzas.ts';
import { cut, LONG } from '../../../shared/pieces.ts';
import type { Stanza } from '../../../shared/stanza.ts';
import { escapeText, unescapeXml } from '../../../shared/xml.ts';
import type { Limits } from '../../config/limits.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { CloseReason } from '../../kernel/close-reason.ts';
import type { Log } from '../../kernel/log.ts';
import type { Debtor, MemoryBudget, PeerAccount } from '../../kernel/memory-budget.ts';
import { addressOfPeer } from '../../net/peer-address.ts';
import type { PendingConnection } from '../../net/pending-connections.ts';
import { bytesOf, partsOf, readLongFramesInParts } from '../../net/websocket/long-frames.ts';
import type { LocalLink, Program } from '../../sessions/local-link.ts';
import { type Activity, MAX_CHARACTERS } from '../activity.ts';
import { bodyOfBrowser, jsonOfBrowser, methodName, READING_TIMES } from '../browser-message.ts';
import type { Entrance } from '../entrance.ts';
import { firstItems } from '../first-items.ts';
import { type JobOwner, JobQueue } from '../job-queue.ts';
import type { TransactionIds } from '../transaction-ids.ts';
import { utf8Text } from '../utf8-text.ts';
import { FrameWriter } from './frame-writer.ts';
import { answerFrame, type BrowserFrame, readFrame, transportErrorFrame } from './frames.ts';
import { SocketMemory } from './socket-memory.ts';
import { Threads } from './threads.ts';

const INGRESS = 'ws-translator-v2';

/** Close codes (RFC 6455 §7.4.1, and the registry of IANA). */
const CLOSE = {
  goingAway: 1001,
  unsupportedData: 1003,
  invalidData: 1007,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
} as const;

/** The characters of an answer that is parsed at once: that takes half as long as in steps, and the answer passes on as received anyway. */
const SHORT_ANSWER = 16_384;

/** A browser's dependencies. */
export interface BrowserEnvironment {
  readonly clock: Pick<ServerClock, 'next'>;
  readonly jobs: JobRunner;
  readonly memory: MemoryBudget;
  readonly limits: Limits;
  readonly log: Log;
  readonly entrance: Entrance;
  readonly activity: Activity;
  readonly transactionIds: TransactionIds;
  /** Its first frame has arrived. */
  readonly spoke: (browser: Browser) => void;
  /** It has no unanswered requests, or has disconnected. */
  readonly settled: () => void;
  /** It has disconnected. */
  readonly left: (browser: Browser) => void;
}

/** A browser on a WebSocket; its first frame opens its session. */
export class Browser implements Program, PendingConnection, Debtor, JobOwner {
  readonly peer: string;
  /** Charged for its socket, sessions and requests. Its link has an account of its own, for unread messages. */
  readonly account: PeerAccount;
  readonly rank = 'pending';
  private readonly webSocket: WebSocket;
  private readonly writer: FrameWriter;
  private readonly memory: SocketMemory;
  private readonly environment: BrowserEnvironment;
  private readonly threads: Threads;
  private readonly jobs: JobQueue;
  /** Releases further answers; null while no long frame or answer is being read. */
  private release: (() => void) | null = null;
  private link: LocalLink | null = null;
  /** Whether the browser has sent anything since the last ping. */
  private alive = true;
  private state: 'open' | 'draining' | 'closed' = 'open';

  constructor(webSocket: WebSocket, socket: Socket, peer: string, environment: BrowserEnvironment) {
    this.webSocket = webSocket;
    this.peer = peer;
    this.environment = environment;
    this.account = environment.memory.open(this, addressOfPeer(peer));
    this.threads = new Threads(environment.limits, this.account);
    this.jobs = new JobQueue(environment.jobs, this);
    this.writer = new FrameWriter(webSocket, socket, environment.clock);
    readLongFramesInParts(webSocket);
    this.memory = new SocketMemory(webSocket, socket, this.account);
    socket.on('data', (chunk: Buffer) => this.bytesCame(chunk.length));
    webSocket.on('message', (frame, isBinary) => this.frameCame(frame, isBinary));
    webSocket.on('pong', () => this.heard());
    webSocket.on('error', () => {});
    webSocket.on('close', () => this.closed());
  }

  /** Whether it has requests that are unanswered or being read. */
  get busy(): boolean {
    return this.state !== 'closed' && (this.threads.busy || this.jobs.busy);
  }

  crowdOut(): void {
    this.webSocket.terminate();
  }

  giveUp(): void {
    this.webSocket.terminate();
  }

  measure(): void {
    this.memory.measure();
  }

  /** Stops taking requests. */
  drain(): void {
    if (this.state === 'open') this.state = 'draining';
  }

  /** Closes the connection because the server stops. @param restarts Whether the browser may connect again at once. */
  sayGoodbye(restarts: boolean): void {
    if (restarts) this.webSocket.close(CLOSE.serviceRestart, 'the server restarts');
    else this.webSocket.close(CLOSE.goingAway, 'the server is stopping');
  }

  /** Closes the connection without a close frame. */
  terminate(): void {
    this.webSocket.terminate();
  }

  /** Pings it (RFC 6455 §5.5.2), or closes the connection if it was silent since the last ping. */
  ping(): void {
    if (!this.alive) {
      this.webSocket.terminate();
      return;
    }
    this.alive = false;
    if (this.webSocket.readyState === this.webSocket.OPEN) this.webSocket.ping();
  }

  received(stanza: Stanza): void {
    if (stanza.name === 'message') this.do(this.pass(stanza));
  }

  idle(): void {
    const { release } = this;
    this.release = null;
    if (this.webSocket.isPaused) this.webSocket.resume();
    release?.();
    if (!this.threads.busy) this.environment.settled();
  }

  failed(): void {
    this.webSocket.close(CLOSE.internalError, 'internal server error; see the server log');
  }

  /** Its session has ended: an operator closed it, it read too slowly, or the server stops. */
  ended(reason: CloseReason): void {
    this.link = null;
    if (this.state === 'closed') return;
    // A slow reader would not read a close frame; a fault injected by a test breaks the connection.
    if (this.writer.blocked || reason === 'connection-failed') this.webSocket.terminate();
    else this.webSocket.close(CLOSE.goingAway, 'the session is over');
  }

  refused(_stanza: Stanza, httpStatus: number): void {
    this.webSocket.close(httpStatus === 502 ? CLOSE.badGateway : CLOSE.internalError, 'a fault of the test refuses this frame');
  }

  private heard(): void {
    this.alive = true;
  }

  private bytesCame(bytes: number): void {
    this.alive = true;
    this.memory.bytesCame(bytes);
  }

  private closed(): void {
    this.state = 'closed';
    this.link?.close('client-closed', null);
    this.memory.forget();
    this.threads.forget();
    this.account.close();
    this.environment.left(this);
    this.environment.settled();
  }

  private frameCame(frame: RawData, isBinary: boolean): void {
    this.memory.frameCame();
    if (isBinary) this.webSocket.close(CLOSE.unsupportedData, 'a frame must be text');
    else this.do(this.read(partsOf(frame)));
  }

  /** Long work delays all later frames and answers, which so keep their order. */
  private do(job: Job): void {
    this.jobs.add(job);
    if (!this.jobs.busy || this.state === 'closed') return;
    this.webSocket.pause();
    this.release ??= this.link?.hold() ?? null;
  }

  /** Passes an answer on. */
  private *pass(stanza: Stanza): Job {
    const body = stanza.more.length === 0 ? bodyText(stanza) : yield* readBodyText(stanza);
    const messages = body.length <= SHORT_ANSWER ? parseOsrfMessages(body) : yield* readOsrfMessages(body);
    const thread = unescapeXml(stanza.thread);
    if (messages === null) {
      this.environment.log.warn({ peer: this.peer, thread, from: stanza.from }, 'dropped a message for a browser: not OpenSRF');
      return;
    }
    const bounced = stanza.type === 'error';
    for (const message of messages) {
      if (this.threads.took(message, thread, bounced ? '' : stanza.from)) continue;
      this.environment.log.warn({ peer: this.peer, thread }, 'a browser has too many connected sessions; one was not remembered');
    }
    const { transactionId } = stanza;
    yield* this.send(bounced ? transportErrorFrame(thread, transactionId, body) : answerFrame(thread, transactionId, body));
  }

  private *read(parts: readonly Buffer[]): Job {
    const charged = READING_TIMES * bytesOf(parts);
    this.account.charge(charged);
    const text = yield* utf8Text(parts);
    if (text === null) this.webSocket.close(CLOSE.invalidData, 'a frame must be UTF-8');
    else if (/\S/.test(text)) yield* this.take(yield* readFrame(text));
    this.account.charge(-charged);
  }

  private *take(frame: BrowserFrame): Job {
    const { thread, service, messages } = frame;
    const transactionId = frame.transactionId || this.environment.transactionIds.next();
    const to = this.threads.workerOf(thread) || this.environment.entrance.addressOf(service);
    const refusal = frame.refusal || this.refusalOf(frame, to);
    if (refusal !== '') {
      this.environment.log.warn(
        { peer: this.peer, thread: thread.slice(0, 100), service: service.slice(0, 100), reason: refusal },
        'returned messages to a browser',
      );
      yield* this.send(transportErrorFrame(thread, transactionId, yield* jsonOfBrowser(messages, INGRESS)));
      return;
    }
    const body = yield* bodyOfBrowser(messages, INGRESS);
    const link = this.state === 'closed' ? null : (this.link ?? this.enter());
    if (link === null) return;
    this.noteSent(frame, transactionId);
    link.submit(osrfStanzaInPieces({ to, from: '', thread: escapeText(thread), transactionId, form: 'child' }, body));
  }

  private refusalOf({ messages }: BrowserFrame, to: string): string {
    if (to === '') return 'the frame names no service, and its thread has no connected session';
    if (this.threads.full && messages.some(({ type }) => type === 'REQUEST')) return 'too many requests are unanswered';
    return this.state === 'draining' ? 'the server is stopping' : '';
  }

  private enter(): LocalLink | null {
    this.environment.spoke(this);
    this.link = this.environment.entrance.enter(this, { kind: 'web', peer: this.peer });
    if (this.link === null) this.webSocket.close(CLOSE.tryAgainLater, 'the server takes no more sessions');
    else this.account.loggedIn(this.link);
    return this.link;
  }

  private noteSent({ thread, service, messages }: BrowserFrame, transactionId: string): void {
    for (const { type, threadTrace, method, params } of messages) {
      if (type === 'DISCONNECT') this.threads.disconnected(thread);
      if (type !== 'REQUEST') continue;
      this.threads.requested(thread, threadTrace);
      const call = { address: this.peer, transactionId, token: '', locale: '', service, method: methodName(method) };
      this.environment.activity.called(call, firstItems(params, MAX_CHARACTERS));
    }
  }

  /** Sends a long frame in fragments; only jobs send, so no other frame comes between them. */
  private *send(frame: string): Job {
    const pieces = frame.length > LONG ? cut(frame) : [frame];
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) yield;
      this.writer.send(piece, index === pieces.length - 1, this.link);
    }
  }
}
