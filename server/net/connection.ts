import type { Timer } from '../../shared/clock.ts';
import { StreamError } from '../../shared/errors.ts';
import type { Job } from '../../shared/job.ts';
import { NS } from '../../shared/namespaces.ts';
import { SERVER_ORIGIN } from '../../shared/origin.ts';
import type { NegotiationReceiver, ReaderLimits, SessionReceiver } from '../../shared/reader/stream-receiver.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Limits } from '../config/limits.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { Log } from '../kernel/log.ts';
import type { Debtor, MemoryBudget, PeerAccount } from '../kernel/memory-budget.ts';
import type { Slices } from '../kernel/slices.ts';
import type { Turn } from '../kernel/turn.ts';
import type { Flusher } from './flusher.ts';
import { type Framing, type HeaderFields, newStreamId } from './framing.ts';
import { Outbox } from './outbox.ts';
import { isStalled, overflows } from './outbox-limits.ts';
import { addressOfPeer } from './peer-address.ts';
import type { PendingConnection, PendingConnections } from './pending-connections.ts';
import { splitWrites } from './split-writes.ts';
import type { Tls } from './tls/tls.ts';
import type { Input, Transport, TransportKind, TransportReceiver } from './transport.ts';

/** The first protocol on a connection. */
export interface Negotiation extends NegotiationReceiver, ConnectionEnd {}

/** The protocol behind a login. */
export interface SessionUser extends SessionReceiver, ConnectionEnd {
  /** The address of the session, for logs. */
  readonly jid: string;
}

/** The protocol on a connection: first a negotiation, then a session. */
export type ConnectionUser = Negotiation | SessionUser;

interface ConnectionEnd {
  /** The connection is over for both directions. Told once. @param unsent What was never written to the peer, in order. */
  ended(reason: CloseReason, unsent: Stanza[]): void;
}

/** Input that is read in later turns of the event loop, and what happened behind it. */
interface InputInTurns {
  readonly chunks: Buffer[];
  /** Of the chunks. */
  bytes: number;
  error: StreamError | null;
  reason: CloseReason | null;
  closed: boolean;
}

/** What all connections of a server share. */
export interface ConnectionEnvironment {
  readonly clock: ServerClock;
  readonly flusher: Flusher;
  readonly turn: Turn;
  readonly slices: Slices;
  readonly memory: MemoryBudget;
  readonly limits: Limits;
  readonly log: Log;
  readonly counts: ServerCounts;
  /** The domain that speaks where a peer is refused before it has said which one it wants. */
  readonly defaultDomain: string;
  readonly tls: Pick<Tls, 'identity'>;
  readonly pending: PendingConnections;
  /** A connection has closed. */
  readonly onClosed: (connection: Connection) => void;
}

/** One peer: what its transport reads becomes stanzas for the {@link ConnectionUser}, and back. */
export class Connection implements TransportReceiver, PendingConnection, Debtor {
  readonly transport: Transport;
  /** Before login; then its session is what owes memory. */
  readonly rank = 'pending';
  /** What the peer has sent. */
  bytesRead = 0;
  /** Of the memory that is kept for the peer. */
  private ownAccount: PeerAccount;
  /** What is charged for the transport and for input. */
  private charged = 0;
  private readonly environment: ConnectionEnvironment;
  private readonly outbox: Outbox;
  private input: Input;
  private currentUser: ConnectionUser;
  private state: 'open' | 'securing' | 'closing' | 'closed' = 'open';
  private headerSent = false;
  private overflowing = false;
  private closeTimer: Timer | null = null;
  /** Input that waits for its turn; null: none does. */
  private turns: InputInTurns | null = null;

  /** @param user Makes the first protocol on it. */
  constructor(transport: Transport, environment: ConnectionEnvironment, user: (connection: Connection) => ConnectionUser) {
    this.transport = transport;
    this.environment = environment;
    this.ownAccount = environment.memory.open(this, addressOfPeer(transport.peer));
    this.outbox = new Outbox(transport, environment.flusher, environment.clock, this.ownAccount);
    this.currentUser = user(this);
    this.input = transport.createInput(this.currentUser, limitsBeforeLogin(environment.limits), environment.turn);
    environment.pending.add(this);
    this.keptChanged();
    transport.open(this);
  }

  get kind(): TransportKind {
    return this.transport.kind;
  }

  /** Where the peer is, for logs. */
  get peer(): string {
    return this.transport.peer;
  }

  /** Of the memory that is kept for the peer. */
  get account(): PeerAccount {
    return this.ownAccount;
  }

  /** How the stream's own elements are written to this peer. */
  get framing(): Framing {
    return this.transport.framing;
  }

  get open(): boolean {
    return this.state === 'open';
  }

  /** About what was sent to the peer. */
  get bytesWritten(): number {
    return this.transport.written;
  }

  /** About what waits for the peer to take it. */
  get outboxBytes(): number {
    return this.outbox.length;
  }

  /** Whether the peer has not taken all that was written. */
  get blocked(): boolean {
    return this.outbox.blockedSince !== 0;
  }

  /** Whether the peer has taken nothing for longer than a busy one may. */
  get stalled(): boolean {
    return this.outbox.blockedSince !== 0 && isStalled(this.outbox, this.environment.limits, this.environment.clock.now());
  }

  /** Whether more waits for the peer than one may be sent in one turn, whether or not it takes it. */
  get backlogged(): boolean {
    return this.outbox.length > this.environment.limits.backlogBytes;
  }

  /** The next protocol takes over; with the limits of a session if it has logged in. */
  handOver(user: ConnectionUser): void {
    this.environment.pending.remove(this);
    this.currentUser = user;
    this.input.handOver(user, limitsOfSession(this.environment.limits));
  }

  /** Its peer goes on with a session that has an account: what is kept for the peer is charged to that. */
  chargeTo(account: PeerAccount): void {
    const { ownAccount } = this;
    this.outbox.chargeTo(account);
    ownAccount.charge(-this.charged);
    account.charge(this.charged);
    ownAccount.close();
    this.ownAccount = account;
  }

  /** From a link that keeps all stanzas itself until the peer has acknowledged them: they are charged there. */
  shareStanzas(): void {
    this.outbox.shareStanzas();
  }

  giveUp(): void {
    this.close('memory-budget', new StreamError('resource-constraint', 'the server has no memory left for connections that have not logged in'));
    this.environment.clock.soon(() => this.transport.destroy());
  }

  measure(): void {
    this.keptChanged();
  }

  keptChanged(): void {
    let kept = this.transport.keptBytes + this.input.keptBytes;
    if (this.turns !== null) kept += this.turns.bytes;
    if (kept === this.charged) return;
    this.ownAccount.charge(kept - this.charged);
    this.charged = kept;
  }

  /** The peer begins a new stream behind the stanza being read (RFC 6120 §6.4.6). */
  restartStream(): void {
    this.headerSent = false;
    this.input.restart();
  }

  /** From a user: behind the stanza being read the peer begins anew, over TLS. */
  startTls(): void {
    this.state = 'securing';
    this.input.stop();
  }

  /** @param features Finished XML; null: a stream without features. */
  sendHeader(fields: HeaderFields, features: string | null): void {
    this.headerSent = true;
    this.write(this.framing.header(fields));
    if (features !== null) this.write(this.framing.features(features));
  }

  /** Writes a stanza of the negotiation, which is not given back. */
  answer(stanza: Stanza): void {
    this.write(this.framing.stanza(stanza));
  }

  /** Writes an element of the stream itself that declares its namespace. Everything written in one turn leaves in one write. */
  write(xml: string): void {
    if (this.state !== 'open') return;
    this.outbox.append(xml);
    this.closeIfOverflowing();
  }

  /** Sends a stanza; if the peer ends before it was written, the connection gives it back. */
  send(stanza: Stanza): void {
    // Drop our own replies to a peer that is about to be closed; one turn could create them without end.
    if (this.overflowing && stanza.origin === SERVER_ORIGIN) return;
    this.outbox.append(stanza);
    this.closeIfOverflowing();
  }

  private closeIfOverflowing(): void {
    if (this.overflowing || this.outbox.length <= this.environment.limits.outboxBytes) return;
    if (!overflows(this.outbox, this.environment.limits, this.environment.clock.now())) return;
    // Deferred: close() re-delivers queued stanzas and may already be on the stack.
    this.overflowing = true;
    this.environment.clock.soon(() => this.close('slow-reader'));
  }

  crowdOut(): void {
    this.close('crowded-out', new StreamError('resource-constraint', 'too many connections that have not logged in'));
    // Who does not log in need not be waited for to say goodbye.
    this.environment.clock.soon(() => this.transport.destroy());
  }

  /** Closes both directions. The first call counts. @param error goes to the peer before the stream's end tag. */
  close(reason: CloseReason, error: StreamError | null = null): void {
    if (this.state !== 'open') return;
    // A peer that has said goodbye reads no more, so the stanzas that wait for it go back instead of into its socket. The stream's own
    // text goes out: a header that waits must stand before the end tag.
    if (!peerIsGone(reason)) this.outbox.flushAll();
    this.state = 'closing';
    this.environment.counts.closes.count(reason);
    this.input.stop();
    const unsent = this.outbox.drain();
    try {
      if (reason === 'connection-failed' || reason === 'slow-reader') this.transport.destroy();
      else this.sayGoodbye(error);
    } finally {
      this.currentUser.ended(reason, unsent);
    }
  }

  /** Breaks without a word, as a network does. */
  cut(): void {
    this.close('connection-failed');
  }

  /** Holds back what is to leave, as the socket of a process that does not read. @returns what lets it go. */
  hold(): () => void {
    const { socket } = this.transport;
    socket.cork();
    return () => socket.uncork();
  }

  /** Writes one byte at a time from now on. @returns what ends that. */
  splitWrites(): () => void {
    return splitWrites(this.transport.socket);
  }

  private sayGoodbye(error: StreamError | null): void {
    const { framing } = this;
    const last: string[] = [];
    // RFC 6120 §4.9.1.2: an error needs a stream to stand in.
    if (!this.headerSent) last.push(framing.header({ from: this.environment.defaultDomain, id: newStreamId(), version: '1.0' }));
    if (error !== null) last.push(framing.error(error));
    this.outbox.end([...last, framing.footer]);
    const { clock, limits } = this.environment;
    this.closeTimer = clock.after(limits.closeTimeoutMs, () => this.transport.destroy());
  }

  dataRead(chunk: Buffer): void {
    if (this.state !== 'open') return;
    this.bytesRead += chunk.length;
    if (this.turns === null && this.environment.turn.beginSlice()) {
      this.read(chunk);
      if (this.input.suspended) this.readInTurns();
      return;
    }
    // Copied: the transport reads the next chunk into the same buffer.
    const turns = this.readInTurns();
    turns.chunks.push(Buffer.from(chunk));
    turns.bytes += chunk.length;
    this.keptChanged();
  }

  ended(): void {
    this.closeBehindInput('client-disconnected');
  }

  failed(error: Error): void {
    if (error instanceof StreamError) {
      if (this.turns === null) this.readFailed(error);
      else this.turns.error ??= error;
      return;
    }
    this.environment.log.debug({ ...this.names(), reason: error.message }, 'socket failed');
    this.closeBehindInput('connection-failed');
  }

  closed(): void {
    if (this.turns !== null && this.state === 'open') {
      this.turns.closed = true;
      return;
    }
    this.close('client-disconnected');
    this.closeTimer?.cancel();
    this.state = 'closed';
    this.release();
    this.environment.pending.remove(this);
    this.environment.onClosed(this);
  }

  /** Leaves input to later turns of the event loop; what else happens to the connection waits until it was read. */
  private readInTurns(): InputInTurns {
    if (this.turns !== null) return this.turns;
    this.turns = { chunks: [], bytes: 0, error: null, reason: null, closed: false };
    this.transport.pause();
    this.environment.slices.later(this.readOn(this.turns));
    return this.turns;
  }

  private *readOn(left: InputInTurns): Job {
    const { turn } = this.environment;
    while (this.state === 'open') {
      turn.beginBit();
      if (this.input.suspended) this.read(null);
      else if (left.chunks.length > 0) this.readNext(left);
      else break;
      yield;
    }
    this.turns = null;
    if (left.error !== null) this.failed(left.error);
    if (left.reason !== null) this.close(left.reason);
    if (left.closed) this.closed();
    else this.transport.resume();
  }

  private readNext(left: InputInTurns): void {
    const chunk = left.chunks.shift() as Buffer;
    left.bytes -= chunk.length;
    this.read(chunk);
  }

  /** @param chunk null: reads on what was suspended. */
  private read(chunk: Buffer | null): void {
    try {
      if (chunk === null) this.input.goOn();
      else this.input.read(chunk);
      this.secureIfAsked();
      this.keptChanged();
    } catch (error) {
      this.readFailed(error);
    }
  }

  private closeBehindInput(reason: CloseReason): void {
    if (this.turns === null || this.state !== 'open') this.close(reason);
    else this.turns.reason ??= reason;
  }

  /** Gives back what the connection itself was charged for. */
  private release(): void {
    this.outbox.close();
    this.ownAccount.charge(-this.charged);
    this.charged = 0;
    if (this.ownAccount.debtor === this) this.ownAccount.close();
  }

  private secureIfAsked(): void {
    if (this.state !== 'securing') return;
    const { transport } = this;
    const { identity } = this.environment.tls;
    this.state = 'open';
    if (identity === null) throw new Error('TLS was offered and there is none');
    // Whoever sits in between could have put it there, to be taken for what came encrypted (RFC 6120 §5.3.3).
    if (this.input.unread.trim() !== '') throw new StreamError('policy-violation', 'nothing may follow <starttls/> before TLS');
    this.write(`<proceed xmlns='${NS.tls}'/>`);
    this.outbox.flushAll();
    if (this.outbox.length > 0) throw new StreamError('policy-violation', 'TLS begins when all was read that came before');
    this.headerSent = false;
    transport.startTls(identity);
    this.input = transport.createInput(this.currentUser, limitsBeforeLogin(this.environment.limits), this.environment.turn);
  }

  /** The peer as logs name it: its address, and that of its session. */
  private names(): { peer: string; jid?: string } {
    const { peer, currentUser } = this;
    return currentUser.reads === 'stanzas' ? { peer, jid: currentUser.jid } : { peer };
  }

  private readFailed(error: unknown): void {
    const { log } = this.environment;
    if (error instanceof StreamError) {
      log.info({ ...this.names(), condition: error.condition, text: loggedText(error) }, 'stream ended by an error of the peer');
      this.close('stream-error', error);
      return;
    }
    log.error({ ...this.names(), err: error }, 'stream ended by an error of the server');
    this.close('internal-error', new StreamError('internal-server-error', 'the server made a mistake; its log says more'));
  }
}

function limitsBeforeLogin({ loginElements, loginBytes, depth, attributes }: Limits): ReaderLimits {
  const bytes = { maxStanzaBytes: loginBytes, hardStanzaBytes: loginBytes, maxStreamBytes: loginBytes };
  return { maxElements: loginElements, maxDepth: depth, maxAttributes: attributes, ...bytes };
}

function limitsOfSession({ depth, attributes, stanzaBytes, hardStanzaBytes }: Limits): ReaderLimits {
  const { POSITIVE_INFINITY } = Number;
  const bytes = { maxStanzaBytes: stanzaBytes, hardStanzaBytes, maxStreamBytes: POSITIVE_INFINITY };
  return { maxElements: POSITIVE_INFINITY, maxDepth: depth, maxAttributes: attributes, ...bytes };
}

function peerIsGone(reason: CloseReason): boolean {
  return reason === 'client-closed' || reason === 'client-disconnected' || reason === 'connection-failed' || reason === 'slow-reader';
}

/** What was wrong, without the peer's own words: in XML that is none, part of a password may stand where a name should. The peer gets it whole. */
function loggedText({ condition, message }: StreamError): string {
  return condition === 'not-well-formed' ? message.replace(/(?<!^\d+:\d+)(: | <).*/s, '') : message;
}
