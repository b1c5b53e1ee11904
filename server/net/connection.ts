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
import { Outbox, type SavedOutbox } from './outbox.ts';
import { isStalled, overflows } from './outbox-limits.ts';
import { addressOfPeer } from './peer-address.ts';
import type { PendingConnection, PendingConnections } from './pending-connections.ts';
import { splitWrites } from './split-writes.ts';
import type { PeerTls } from './tls/peer-tls.ts';
import type { Tls } from './tls/tls.ts';
import type { Input, SavedInput, Transport, TransportKind, TransportReceiver } from './transport.ts';

/** The first protocol on a connection. */
export interface Negotiation extends NegotiationReceiver, ConnectionEnd {}

/** The protocol after a login. */
export interface SessionUser extends SessionReceiver, ConnectionEnd {
  /** The address of the session, for logs. */
  readonly jid: string;
}

/** The protocol on a connection: first a negotiation, then a session. */
export type ConnectionUser = Negotiation | SessionUser;

interface ConnectionEnd {
  /** Called once when the connection has closed. @param unsent The stanzas that were never written to the peer, in order. */
  ended(reason: CloseReason, unsent: Stanza[]): void;
}

/** A connection as it goes to another process. */
export interface SavedConnection {
  readonly input: SavedInput;
  readonly output: SavedOutbox;
  /** The rest of the last write. */
  readonly rest: Buffer;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Input to read in later turns of the event loop, and the events after it. */
interface InputInTurns {
  readonly chunks: Buffer[];
  /** The bytes of the chunks. */
  bytes: number;
  error: StreamError | null;
  reason: CloseReason | null;
  closed: boolean;
}

/** The environment that all connections of a server share. */
export interface ConnectionEnvironment {
  readonly clock: ServerClock;
  readonly flusher: Flusher;
  readonly turn: Turn;
  readonly slices: Slices;
  readonly memory: MemoryBudget;
  readonly limits: Limits;
  readonly log: Log;
  readonly counts: ServerCounts;
  /** The domain in the header for a peer that is refused before it names one. */
  readonly defaultDomain: string;
  readonly tls: Pick<Tls, 'identity'>;
  readonly pending: PendingConnections;
  /** Called when a connection has closed. */
  readonly onClosed: (connection: Connection) => void;
}

/** One peer: turns its transport's input into stanzas for the {@link ConnectionUser}, and writes stanzas to it. */
export class Connection implements TransportReceiver, PendingConnection, Debtor {
  readonly transport: Transport;
  /** The rank before login; afterwards its session is the debtor. */
  readonly rank = 'pending';
  /** The bytes received from the peer. */
  bytesRead = 0;
  /** The account of the memory that is kept for the peer before login. */
  private ownAccount: PeerAccount;
  /** The bytes charged for the transport and for input. */
  private charged = 0;
  private readonly environment: ConnectionEnvironment;
  private readonly outbox: Outbox;
  private input: Input;
  private currentUser: ConnectionUser;
  private state: 'open' | 'securing' | 'closing' | 'closed' = 'open';
  private headerSent = false;
  private footerSent = false;
  private frozen = false;
  private overflowing = false;
  private closeTimer: Timer | null = null;
  private peerTls: PeerTls | null = null;
  /** Input that waits for its turn, or null. */
  private turns: InputInTurns | null = null;

  /** @param user Makes the first protocol on it. */
  constructor(transport: Transport, environment: ConnectionEnvironment, user: (connection: Connection) => ConnectionUser) {
    this.transport = transport;
    this.environment = environment;
    this.ownAccount = environment.memory.open(this, addressOfPeer(transport.peer));
    this.outbox = new Outbox(transport, environment.flusher, environment.clock, this.ownAccount);
    this.currentUser = user(this);
    this.input = transport.createInput(this.currentUser, limitsBeforeLogin(environment.limits), environment.turn);
    this.keptChanged();
    transport.open(this);
  }

  get kind(): TransportKind {
    return this.transport.kind;
  }

  /** The peer's address, for logs. */
  get peer(): string {
    return this.transport.peer;
  }

  /** The account of the memory that is kept for the peer. */
  get account(): PeerAccount {
    return this.ownAccount;
  }

  /** The format of the stream's own elements. */
  get framing(): Framing {
    return this.transport.framing;
  }

  get open(): boolean {
    return this.state === 'open';
  }

  /** The approximate number of bytes sent to the peer. */
  get bytesWritten(): number {
    return this.transport.written;
  }

  /** The approximate number of unread bytes. */
  get outboxBytes(): number {
    return this.outbox.length;
  }

  /** Whether the peer has not read everything that was written. */
  get blocked(): boolean {
    return this.outbox.blockedSince !== 0;
  }

  /** Whether the peer has read nothing for too long. */
  get stalled(): boolean {
    return this.outbox.blockedSince !== 0 && isStalled(this.outbox, this.environment.limits, this.environment.clock.now());
  }

  /** Whether too many bytes wait for the peer, even if it reads. */
  get backlogged(): boolean {
    return this.outbox.length > this.environment.limits.backlogBytes;
  }

  /** Hands the connection over to the next protocol, with the limits of a session after a login. */
  handOver(user: ConnectionUser): void {
    this.environment.pending.remove(this);
    this.currentUser = user;
    this.input.handOver(user, limitsOfSession(this.environment.limits));
  }

  /** Charges the memory of the peer to its session's account from now on. */
  chargeTo(account: PeerAccount): void {
    const { ownAccount } = this;
    this.outbox.chargeTo(account);
    ownAccount.charge(-this.charged);
    account.charge(this.charged);
    ownAccount.close();
    this.ownAccount = account;
  }

  /** Called by a link that keeps all stanzas until they are acknowledged, and charges them itself. */
  shareStanzas(): void {
    this.outbox.shareStanzas();
  }

  giveUp(): void {
    this.close('memory-budget', new StreamError('resource-constraint', 'no memory left for unauthenticated connections'));
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

  /** Expects a new stream after the current stanza (RFC 6120 §6.4.6). */
  restartStream(): void {
    this.headerSent = false;
    this.input.restart();
  }

  /** Expects TLS and a new stream after the current element. @param peer Another server; null: a client. */
  startTls(peer: PeerTls | null = null): void {
    this.state = 'securing';
    this.peerTls = peer;
    this.input.stop();
  }

  /** @param features XML; null: a stream without features. */
  sendHeader(fields: HeaderFields, features: string | null): void {
    this.headerSent = true;
    this.write(this.framing.header(fields));
    if (features !== null) this.write(this.framing.features(features));
  }

  /** Writes a stanza of the negotiation, which is not returned if it cannot be written. */
  answer(stanza: Stanza): void {
    this.write(this.framing.stanza(stanza));
  }

  /** Whether another process can go on with it: a plain socket with a session on it. */
  get movable(): boolean {
    return (
      this.state === 'open' &&
      !this.footerSent &&
      !this.overflowing &&
      this.currentUser.reads === 'stanzas' &&
      this.transport.movable !== null &&
      !this.transport.destroyed
    );
  }

  /** Whether all input that was read has been processed. */
  get settled(): boolean {
    return this.turns === null;
  }

  /** Stops reading, for a hand-over. */
  freeze(): void {
    this.frozen = true;
    this.transport.pause();
  }

  /** Reads on. */
  thaw(): void {
    this.frozen = false;
    if (this.turns === null) this.transport.resume();
  }

  /** All that another process needs to go on with it; null if it cannot. */
  save(): SavedConnection | null {
    const { bytesRead, bytesWritten } = this;
    const { movable } = this.transport;
    const input = this.movable && this.settled ? (movable?.saveInput() ?? null) : null;
    if (movable === null || input === null) return null;
    return { input, output: this.outbox.save(), rest: movable.untaken, bytesRead, bytesWritten };
  }

  /** Called on a new connection: goes on with that of another process. It reads and writes in later turns only. */
  restore({ input, output, rest, bytesRead, bytesWritten }: SavedConnection, user: SessionUser): void {
    const { movable } = this.transport;
    if (movable === null) throw new Error('the connection cannot be restored on this transport');
    this.headerSent = true;
    this.bytesRead = bytesRead;
    this.transport.written = bytesWritten;
    this.currentUser = user;
    movable.restoreInput(input, user, limitsOfSession(this.environment.limits));
    this.outbox.restore(output, rest.length > 0);
    this.keptChanged();
    if (rest.length > 0) this.environment.clock.soon(() => movable.writeRest(rest, this.outbox.taken));
  }

  /** Writes an element of the stream itself, which declares its namespace. One write sends everything of one turn. */
  write(xml: string): void {
    if (this.state !== 'open' || this.footerSent) return;
    this.outbox.append(xml);
    this.closeIfOverflowing();
  }

  /** Sends a stanza. If the connection closes before it is written, the connection returns it. */
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
    this.close('crowded-out', new StreamError('resource-constraint', 'too many unauthenticated connections'));
    // Do not wait for an unauthenticated peer to close its side.
    this.environment.clock.soon(() => this.transport.destroy());
  }

  /** Closes both directions. Only the first call counts. @param error Sent to the peer before the stream's end tag. */
  close(reason: CloseReason, error: StreamError | null = null): void {
    if (this.state !== 'open') return;
    // A peer that has closed its stream no longer reads, so waiting stanzas are returned instead of written. The stream's own
    // text is written: a waiting header must precede the end tag.
    if (!peerIsGone(reason)) this.outbox.flushAll();
    this.state = 'closing';
    this.environment.counts.closes.count(reason);
    this.input.stop();
    const unsent = this.outbox.drain();
    try {
      if (reason === 'connection-failed' || reason === 'slow-reader') this.transport.destroy();
      else this.sayGoodbye(reason, error);
    } finally {
      this.currentUser.ended(reason, unsent);
    }
  }

  /** Ends the stream in our direction (RFC 6120 §4.4), and reads on until the peer ends it too, which it must do soon. */
  endStream(reason: CloseReason): void {
    if (this.state !== 'open' || this.footerSent) return;
    this.write(this.framing.footer);
    this.footerSent = true;
    this.closeTimer = this.environment.clock.after(this.environment.limits.closeTimeoutMs, () => this.close(reason));
  }

  /** Simulates a network failure. */
  cut(): void {
    this.close('connection-failed');
  }

  /** Holds output back, as the socket of a process that does not read. @returns A function that releases it. */
  hold(): () => void {
    const { socket } = this.transport;
    socket.cork();
    return () => socket.uncork();
  }

  /** Writes one byte at a time from now on. @returns A function that ends this. */
  splitWrites(): () => void {
    return splitWrites(this.transport.socket);
  }

  private sayGoodbye(reason: CloseReason, error: StreamError | null): void {
    const { framing } = this;
    const last: string[] = [];
    // RFC 6120 §4.9.1.2: a stream error needs an open stream.
    if (!this.headerSent) last.push(framing.header({ from: this.environment.defaultDomain, id: newStreamId(), version: '1.0' }));
    if (error !== null && !this.footerSent) last.push(framing.error(error));
    if (!this.footerSent) last.push(framing.footer);
    this.outbox.end(last, reason);
    const { clock, limits } = this.environment;
    this.closeTimer?.cancel();
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
    const turns = this.readInTurns();
    turns.chunks.push(this.transport.keepsChunks ? chunk : Buffer.from(chunk));
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

  /** Leaves input to later turns of the event loop; later events wait until it has been read. */
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
    else if (!this.frozen) this.transport.resume();
  }

  private readNext(left: InputInTurns): void {
    const chunk = left.chunks.shift() as Buffer;
    left.bytes -= chunk.length;
    this.read(chunk);
  }

  /** @param chunk null: continues suspended input. */
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

  /** Releases the connection's own charge. */
  private release(): void {
    this.outbox.close();
    this.ownAccount.charge(-this.charged);
    this.charged = 0;
    if (this.ownAccount.debtor === this) this.ownAccount.close();
  }

  private secureIfAsked(): void {
    if (this.state !== 'securing') return;
    const { transport, peerTls } = this;
    const { identity } = this.environment.tls;
    const isClient = peerTls?.role === 'client';
    this.state = 'open';
    if (identity === null && !isClient) throw new Error('TLS was offered without a certificate');
    // A man in the middle could have injected it (RFC 6120 §5.3.3).
    if (this.input.unread.trim() !== '') throw new StreamError('policy-violation', 'nothing may follow <starttls/> before TLS');
    if (!isClient) this.write(`<proceed xmlns='${NS.tls}'/>`);
    this.outbox.flushAll();
    if (this.outbox.length > 0) throw new StreamError('policy-violation', 'TLS cannot begin before all earlier output is written');
    this.headerSent = false;
    transport.startTls(identity, peerTls);
    this.input = transport.createInput(this.currentUser, limitsBeforeLogin(this.environment.limits), this.environment.turn);
    peerTls?.started();
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
    this.close('internal-error', new StreamError('internal-server-error', 'internal server error; see the server log'));
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

/** The text of an error for the log, without the peer's input: in malformed XML, a part of a password may look like a name. The peer gets the whole text. */
function loggedText({ condition, message }: StreamError): string {
  return condition === 'not-well-formed' ? message.replace(/(?<!^\d+:\d+)(: | <).*/s, '') : message;
}
