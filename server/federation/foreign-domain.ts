import type { Timer } from '../../shared/clock.ts';
import { StanzaError, type StreamError } from '../../shared/errors.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';
import type { PeerServer } from '../config/values/peers.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Debtor, MemoryBudget, PeerAccount } from '../kernel/memory-budget.ts';
import type { TransportKind } from '../net/transport.ts';
import type { Link } from '../sessions/link.ts';
import { domainOf, type OutgoingStream, type StreamEnvironment, type StreamUser, unreachable } from './outgoing-stream.ts';
import type { PeerSession } from './peer-session.ts';
import type { SavedDomain } from './saved-federation.ts';

const FIRST_PAUSE_MS = 1_000;
/** The queues of all domains may have this many times the bytes of one. */
const QUEUES = 8;

/** The parts of the server that the domains of peers need. */
export interface DomainEnvironment extends StreamEnvironment {
  readonly memory: MemoryBudget;
  /** The bytes of the queues of all domains. */
  readonly queued: { bytes: number };
  /** Whether this server restarts: it opens no stream, and stanzas wait for the next process. */
  readonly held: boolean;
  serves(domain: string): boolean;
  /** A new stream to a peer, or one to the same address. */
  streamTo(user: StreamUser, own: string): OutgoingStream;
  /** Makes the session of a domain; null if that is not possible now. */
  bind(domain: ForeignDomain): PeerSession | null;
  isListener(session: number): boolean;
  /** Whether the peer has a stream to this server for that domain. */
  isConnected(domain: string): boolean;
  endIncoming(domain: string, reason: CloseReason, error: StreamError | null): void;
}

/** The stanzas of one own domain. */
interface OwnPair {
  /** `held`: the peer is asked after the restart of this server. */
  state: 'held' | 'asked' | 'open';
  queue: Stanza[];
  bytes: number;
  timer: Timer | null;
}

/** The domain of a peer server: queues stanzas until the peer takes them, and connects on demand. It is the link of the domain's {@link PeerSession}. */
export class ForeignDomain implements Link, Debtor, StreamUser {
  readonly server: PeerServer;
  readonly rank = 'client';
  /** The last failure; null: none since a pair was opened. */
  problem: StanzaError | null = null;
  /** Milliseconds since 1970. */
  problemAt = 0;
  /** Failures since the start. */
  failures = 0;
  private readonly environment: DomainEnvironment;
  private current: PeerSession | null = null;
  private ownAccount: PeerAccount | null = null;
  private stream: OutgoingStream | null = null;
  private readonly pairs = new Map<string, OwnPair>();
  /** Until then stanzas bounce at once. */
  private pausedUntil = 0;
  private pauseMs = 0;
  private failing = false;

  constructor(server: PeerServer, environment: DomainEnvironment) {
    this.server = server;
    this.environment = environment;
  }

  /** Its session, which begins with the first stanza, and ends when the peer is lost. */
  get session(): PeerSession | null {
    this.current ??= this.environment.bind(this);
    return this.current;
  }

  get account(): PeerAccount {
    this.ownAccount ??= this.environment.memory.open(this, this.server.domain);
    return this.ownAccount;
  }

  /** The own domains whose stanzas the peer takes. */
  get openPairs(): string[] {
    return [...this.pairs].flatMap(([own, { state }]) => (state === 'open' ? [own] : []));
  }

  get keepsOpen(): boolean {
    return this.current !== null && this.environment.isListener(this.current.origin.session);
  }

  get kind(): TransportKind {
    return this.stream?.connection?.kind ?? 'tcp';
  }

  get peer(): string {
    return this.stream?.connection?.peer ?? this.server.domain;
  }

  get open(): boolean {
    return this.stream?.ready === true;
  }

  get blocked(): boolean {
    return this.stream?.connection?.blocked === true;
  }

  get stalled(): boolean {
    return this.stream?.connection?.stalled === true;
  }

  get backlogged(): boolean {
    return this.stream?.connection?.backlogged === true;
  }

  get outboxBytes(): number {
    return (this.stream?.connection?.outboxBytes ?? 0) + this.queuedBytes;
  }

  /** The bytes of stanzas that wait for a stream. */
  get queuedBytes(): number {
    let sum = 0;
    for (const { bytes } of this.pairs.values()) sum += bytes;
    return sum;
  }

  /** How many they are. */
  get queuedStanzas(): number {
    let sum = 0;
    for (const { queue } of this.pairs.values()) sum += queue.length;
    return sum;
  }

  /** The time since which its stream can carry stanzas, in milliseconds since 1970; null: there is none. */
  get connectedAt(): number | null {
    return this.stream?.readyAt ?? null;
  }

  get bytesRead(): number {
    return this.stream?.connection?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.stream?.connection?.bytesWritten ?? 0;
  }

  /** Its state, for another process. */
  save(): SavedDomain<Stanza> {
    const { server, current, pauseMs, problem } = this;
    return {
      domain: server.domain,
      life: current?.life ?? null,
      pairs: Array.from(this.pairs, ([own, { state, timer, queue }]) => ({ own, state: state === 'asked' && timer === null ? 'held' : state, queue })),
      pauseMs,
      pausedMs: Math.max(0, this.pausedUntil - this.environment.clock.now()),
      problem: problem && { condition: problem.condition, text: problem.text },
    };
  }

  /** Goes on with the session of another process. */
  restoreSession(session: PeerSession): void {
    this.current = session;
  }

  /** Goes on with the state of another process; {@link goOn} follows. @param stream Null: the other process has closed it. */
  restore({ pairs, pauseMs, pausedMs, problem }: SavedDomain<Stanza>, stream: OutgoingStream | null): void {
    const { clock } = this.environment;
    this.stream = stream;
    this.pauseMs = pauseMs;
    this.pausedUntil = clock.now() + pausedMs;
    this.problem = problem && new StanzaError(problem.condition, problem.text);
    for (const { own, state, queue } of pairs) {
      const pair: OwnPair = { state: stream === null ? 'held' : state, queue: [], bytes: 0, timer: null };
      this.pairs.set(own, pair);
      if (pair.state === 'asked') pair.timer = this.negotiationTimer(own);
      for (const stanza of queue) this.keep(pair, stanza);
    }
  }

  /** Asks the peer to take the stanzas that have waited for the end of a restart. */
  goOn(): void {
    for (const [own, { state, queue }] of [...this.pairs]) {
      if (state !== 'held') continue;
      if (queue.length > 0 || this.keepsOpen) this.ask(own);
      else this.pairs.delete(own);
    }
  }

  /** Asks the peer to take stanzas of an own domain, although none waits: the session ends if it does not. */
  reach(own: string): void {
    if (!this.pairs.has(own)) this.ask(own);
  }

  /** Ends the session, because another member of the cluster has it. @returns the stanzas that wait. The stream stays for questions about keys. */
  giveWay(): Stanza[] {
    const session = this.current;
    const waiting = this.takeAll();
    this.current = null;
    this.ownAccount = null;
    session?.linkEnded('replaced', []);
    return waiting;
  }

  send(stanza: Stanza): void {
    const own = domainOf(stanza.from);
    if (this.pairs.get(own)?.state === 'open') this.write(stanza);
    else this.enqueue(own, stanza);
  }

  /** A stream to the peer, for stanzas or a question. */
  streamFor(own: string): OutgoingStream {
    if (this.stream?.open !== true) this.stream = this.environment.streamTo(this, own);
    return this.stream;
  }

  opened(own: string): void {
    const pair = this.pairs.get(own) ?? { state: 'open', queue: [], bytes: 0, timer: null };
    pair.timer?.cancel();
    pair.state = 'open';
    this.pairs.set(own, pair);
    this.problem = null;
    this.pausedUntil = 0;
    this.pauseMs = 0;
    for (const stanza of this.take(pair)) this.write(stanza);
  }

  failed(own: string, error: StanzaError): void {
    const pair = this.pairs.get(own);
    if (pair === undefined) return;
    this.pairs.delete(own);
    this.pause();
    this.lose('connection-failed', error, this.take(pair));
  }

  streamEnded(stream: OutgoingStream, reason: CloseReason, problem: StanzaError | null, unsent: Stanza[]): void {
    if (stream !== this.stream) return;
    this.stream = null;
    if (reason === 'server-restarted') this.keepAll(unsent);
    else this.goOnWithout(reason, problem, unsent);
  }

  private goOnWithout(reason: CloseReason, problem: StanzaError | null, unsent: readonly Stanza[]): void {
    const open = this.openPairs;
    const waiting = [...unsent, ...this.takeAll()];
    if (reason !== 'client-closed' || problem !== null || (open.length === 0 && waiting.length > 0)) {
      if (open.length === 0) this.pause();
      this.lose(reason, problem ?? unreachable(`the stream to ${this.server.domain} was closed`), waiting);
      return;
    }
    for (const stanza of waiting) this.send(stanza);
    // Listeners of the domain stay only as long as the peer can be reached.
    if (this.keepsOpen) for (const own of open.filter((one) => !this.pairs.has(one))) this.ask(own);
    else if (waiting.length === 0) this.endIfUnused();
  }

  /** The session ends if there is no stream in either direction. */
  endIfUnused(): void {
    const { domain } = this.server;
    if (!this.environment.held && this.stream === null && !this.environment.isConnected(domain) && !this.keepsOpen)
      this.lose('client-closed', unreachable(''), []);
  }

  close(reason: CloseReason, error: StreamError | null): void {
    this.environment.endIncoming(this.server.domain, reason, error);
    this.stream?.connection?.close(reason, error);
    if (this.current !== null) this.lose(reason, unreachable(`the link to ${this.server.domain} was closed: ${reason}`), this.takeAll());
  }

  giveUp(): void {
    this.close('memory-budget', null);
  }

  cut(): void {
    this.stream?.connection?.cut();
  }

  hold(): () => void {
    return this.stream?.connection?.hold() ?? (() => {});
  }

  splitWrites(): () => void {
    return this.stream?.connection?.splitWrites() ?? (() => {});
  }

  private write(stanza: Stanza): void {
    const { stream } = this;
    if (stream === null) return;
    if (fits(stanza, stream.maxBytes)) stream.send(stanza);
    else this.refuse(stanza, new StanzaError('policy-violation', `${this.server.domain} takes stanzas of at most ${stream.maxBytes} bytes`));
  }

  private enqueue(own: string, stanza: Stanza): void {
    const { limits, queued } = this.environment;
    const pair = this.pairs.get(own);
    const { cost } = stanza;
    if (!this.environment.serves(own)) {
      this.refuse(stanza, new StanzaError('not-allowed', `other servers take no stanzas of ${own}`));
      return;
    }
    const isFull = (pair?.queue.length ?? 0) >= limits.peerQueueStanzas || (pair?.bytes ?? 0) + cost > limits.peerQueueBytes;
    if (isFull || queued.bytes + cost > QUEUES * limits.peerQueueBytes) {
      this.refuse(stanza, new StanzaError('resource-constraint', `too many stanzas wait for ${this.server.domain}`));
      return;
    }
    if (pair === undefined) this.ask(own);
    this.keep(this.pairs.get(own) as OwnPair, stanza);
  }

  private keep(pair: OwnPair, stanza: Stanza): void {
    const { cost } = stanza;
    stanza.detach();
    pair.queue.push(stanza);
    pair.bytes += cost;
    this.environment.queued.bytes += cost;
    this.account.charge(cost);
  }

  /** This server restarts: all pairs are to be asked for again, and the stanzas that were not written precede those that wait already. */
  private keepAll(unsent: readonly Stanza[]): void {
    for (const [own, pair] of this.pairs) {
      const later = this.take(pair);
      pair.state = 'held';
      pair.timer = null;
      for (const stanza of unsent) if (domainOf(stanza.from) === own) this.keep(pair, stanza);
      for (const stanza of later) this.keep(pair, stanza);
    }
  }

  private ask(own: string): void {
    const { clock, held } = this.environment;
    const pair = this.pairs.get(own) ?? { state: 'held', queue: [], bytes: 0, timer: null };
    this.pairs.set(own, pair);
    pair.state = held ? 'held' : 'asked';
    if (held) return;
    if (clock.now() < this.pausedUntil) {
      this.failSoon();
      return;
    }
    pair.timer = this.negotiationTimer(own);
    this.streamFor(own).ask({ sender: own, target: this.server.domain });
  }

  private negotiationTimer(own: string): Timer {
    const { clock, limits } = this.environment;
    return clock.after(limits.peerNegotiationMs, () => this.failed(own, unreachable(`${this.server.domain} did not answer in time`)));
  }

  /** Deferred: the sender is on the stack, for example the router that chooses a listener. */
  private failSoon(): void {
    if (this.failing) return;
    this.failing = true;
    this.environment.clock.soon(() => {
      this.failing = false;
      const waiting = [...this.pairs].filter(([, { state, timer }]) => state === 'asked' && timer === null);
      for (const [own] of waiting) this.pairs.delete(own);
      this.lose(
        'connection-failed',
        this.problem ?? unreachable('a pause after a failure'),
        waiting.flatMap(([, pair]) => this.take(pair)),
      );
    });
  }

  private pause(): void {
    const { clock, limits } = this.environment;
    this.pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.pauseMs), limits.peerRetryMs);
    this.pausedUntil = clock.now() + this.pauseMs * (0.75 + Math.random() / 2);
  }

  /** Ends the session: its listeners leave, requests that were not written return to the router, and the other stanzas bounce. */
  private lose(reason: CloseReason, error: StanzaError, stanzas: readonly Stanza[]): void {
    const session = this.current;
    if (reason !== 'client-closed' && !reason.startsWith('server-')) {
      this.problem = error;
      this.problemAt = this.environment.clock.wallTime();
      this.failures++;
      this.environment.log.warn({ peer: this.server.domain, reason: error.text, stanzas: stanzas.length }, 'lost a peer server');
    }
    if (session === null) return;
    this.current = null;
    this.ownAccount = null;
    session.linkEnded(
      reason,
      stanzas.filter(({ returnPath }) => returnPath !== BOUNCES),
    );
    for (const stanza of stanzas) if (stanza.returnPath === BOUNCES) session.refuse(stanza, error);
  }

  private refuse(stanza: Stanza, error: StanzaError): void {
    this.current?.refuse(stanza, error);
  }

  private take(pair: OwnPair): Stanza[] {
    const { queue, bytes, timer } = pair;
    timer?.cancel();
    pair.queue = [];
    pair.bytes = 0;
    this.environment.queued.bytes -= bytes;
    if (bytes > 0) this.account.charge(-bytes);
    return queue;
  }

  private takeAll(): Stanza[] {
    const all = [...this.pairs.values()].flatMap((pair) => this.take(pair));
    this.pairs.clear();
    return all;
  }
}

/** Whether a stanza has at most so many bytes on the stream. */
function fits(stanza: Stanza, maxBytes: number): boolean {
  // Written, a character has at most six bytes: &quot;.
  if (6 * stanza.cost <= maxBytes) return true;
  return stanza.toPieces().reduce((sum, piece) => sum + Buffer.byteLength(piece), 0) <= maxBytes;
}
