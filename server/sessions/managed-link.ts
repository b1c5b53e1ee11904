import type { Timer } from '../../shared/clock.ts';
import { type Element, xml } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { PeerAccount } from '../kernel/memory-budget.ts';
import type { Connection, SessionUser } from '../net/connection.ts';
import type { TransportKind } from '../net/transport.ts';
import type { Link } from './link.ts';
import { countIn, failedXml, managementElement } from './management-elements.ts';
import type { Session } from './session.ts';
import { type SavedUnacknowledged, Unacknowledged } from './unacknowledged.ts';
import { unsupportedElement, unsupportedStanza } from './unsupported.ts';

/** The limits of unacknowledged stanzas. */
export interface UnacknowledgedLimits {
  readonly unacknowledgedStanzas: number;
  readonly unacknowledgedBytes: number;
}

/** Keeps the sessions that wait for a resumption. */
export interface ResumptionKeeper {
  readonly clock: Pick<ServerClock, 'soon' | 'now'>;
  /** Called when a session has lost its connection. @returns the timer that ends it; null if it cannot wait. */
  wait(link: ManagedLink, reason: CloseReason): Timer | null;
  /** Called for a session that has waited in another process. */
  waitOn(link: ManagedLink, ms: number): Timer;
  /** Called when it has resumed. */
  resumed(link: ManagedLink): void;
  /** Called when it can no longer be resumed. */
  ended(link: ManagedLink): void;
}

/** The part of a connection that a managed session uses. */
export type ManagedConnection = Pick<
  Connection,
  | 'kind'
  | 'peer'
  | 'open'
  | 'blocked'
  | 'stalled'
  | 'backlogged'
  | 'account'
  | 'outboxBytes'
  | 'bytesRead'
  | 'bytesWritten'
  | 'shareStanzas'
  | 'send'
  | 'write'
  | 'close'
  | 'cut'
  | 'hold'
  | 'splitWrites'
>;

/** The state of stream management of one session. */
export interface SavedManagement extends SavedUnacknowledged {
  readonly id: string;
  readonly resumptionMs: number;
  readonly handled: number;
  readonly asked: boolean;
  /** How long it still waits for a resumption; negative: it is connected. */
  readonly waitsMs: number;
}

const REQUEST = xml('r', { xmlns: NS.streamManagement });

/**
 * A link with stream management (XEP-0198): counts the stanzas that each side has handled, keeps the unacknowledged ones, and lets the
 * session outlive its connection.
 */
export class ManagedLink implements Link, SessionUser {
  readonly reads = 'stanzas';
  readonly session: Session;
  /** The secret id for the resumption; `''`: not resumable. */
  readonly id: string;
  /** The time that it waits for a resumption. */
  readonly resumptionMs: number;
  private readonly limits: UnacknowledgedLimits;
  private readonly keeper: ResumptionKeeper;
  private readonly unacknowledged: Unacknowledged;
  private connection: ManagedConnection;
  private state: 'connected' | 'moving' | 'waiting' | 'ended' = 'connected';
  /** The peer's stanzas since it enabled stream management, modulo 2^32. */
  private handled = 0;
  /** Whether an <r/> is unanswered. */
  private asked = false;
  private overflowing = false;
  private timer: Timer | null = null;
  /** When it stops waiting, in monotonic milliseconds. */
  private waitsUntil = 0;

  constructor(session: Session, connection: ManagedConnection, id: string, resumptionMs: number, limits: UnacknowledgedLimits, keeper: ResumptionKeeper) {
    this.session = session;
    this.connection = connection;
    this.id = id;
    this.resumptionMs = resumptionMs;
    this.limits = limits;
    this.keeper = keeper;
    this.unacknowledged = new Unacknowledged(session.origin.account);
    connection.shareStanzas();
  }

  get jid(): string {
    return this.session.jid;
  }

  /** Its connection, or the last one. */
  get current(): ManagedConnection {
    return this.connection;
  }

  /** Whether it waits for a resumption. */
  get waits(): boolean {
    return this.state === 'waiting';
  }

  get kind(): TransportKind {
    return this.connection.kind;
  }

  get peer(): string {
    return this.connection.peer;
  }

  get open(): boolean {
    return this.connection.open;
  }

  get blocked(): boolean {
    return this.state !== 'connected' || this.connection.blocked;
  }

  get stalled(): boolean {
    return this.connection.stalled;
  }

  get backlogged(): boolean {
    return this.connection.backlogged;
  }

  get account(): PeerAccount {
    return this.connection.account;
  }

  get outboxBytes(): number {
    return this.connection.outboxBytes;
  }

  get bytesRead(): number {
    return this.connection.bytesRead;
  }

  get bytesWritten(): number {
    return this.connection.bytesWritten;
  }

  /** Sends a stanza now, or after a resumption. */
  send(stanza: Stanza): void {
    const { unacknowledged, limits } = this;
    unacknowledged.add(stanza);
    if (this.state === 'connected') {
      this.connection.send(stanza);
      this.ask();
    }
    if (this.overflowing) return;
    if (unacknowledged.size <= limits.unacknowledgedStanzas && unacknowledged.bytes <= limits.unacknowledgedBytes) return;
    // Deferred: close() re-delivers kept stanzas and may already be on the stack.
    this.overflowing = true;
    this.keeper.clock.soon(() => this.close('unacknowledged', new StreamError('resource-constraint', 'too many unacknowledged stanzas')));
  }

  close(reason: CloseReason, error: StreamError | null): void {
    if (this.state === 'connected') this.connection.close(reason, error);
    else this.finish(reason);
  }

  cut(): void {
    this.connection.cut();
  }

  hold(): () => void {
    return this.connection.hold();
  }

  splitWrites(): () => void {
    return this.connection.splitWrites();
  }

  /**
   * Resumes over another connection, and resends the stanzas that the client has not handled.
   * @param handled The client's count. @returns false if the count is impossible, leaving everything unchanged.
   */
  resume(connection: Connection, handled: number): boolean {
    const { unacknowledged } = this;
    if (!unacknowledged.acknowledge(handled)) return false;
    if (this.state === 'connected') this.leaveConnection();
    this.keeper.resumed(this);
    this.timer?.cancel();
    this.timer = null;
    this.state = 'connected';
    connection.chargeTo(this.connection.account);
    connection.shareStanzas();
    this.connection = connection;
    connection.write(managementElement('resumed', { h: String(this.handled), previd: this.id }));
    connection.handOver(this);
    for (const stanza of unacknowledged.stanzas()) connection.send(stanza);
    this.asked = false;
    if (unacknowledged.size > 0) this.ask();
    return true;
  }

  /** Its state, for another process. */
  save(): SavedManagement {
    const { id, resumptionMs, handled, asked, unacknowledged } = this;
    const waitsMs = this.state === 'waiting' ? Math.max(0, this.waitsUntil - this.keeper.clock.now()) : -1;
    return { id, resumptionMs, handled, asked, waitsMs, ...unacknowledged.save() };
  }

  /** Takes over the state of another process. */
  restore(saved: SavedManagement): void {
    this.handled = saved.handled;
    this.asked = saved.asked;
    this.unacknowledged.restore(saved);
    if (saved.waitsMs < 0) return;
    this.state = 'waiting';
    this.timer = this.keeper.waitOn(this, saved.waitsMs);
    this.waitsUntil = this.keeper.clock.now() + saved.waitsMs;
  }

  stanzaRead(stanza: Stanza, namespace: string): void {
    if (namespace !== NS.client) throw unsupportedStanza(stanza.name, namespace);
    this.handled = (this.handled + 1) >>> 0;
    this.session.read(stanza);
  }

  oversizedStanzaRead(stanza: Stanza, length: number): void {
    this.handled = (this.handled + 1) >>> 0;
    this.session.readOversized(stanza, length);
  }

  headerRead(): void {
    throw new StreamError('bad-format', 'a second stream header');
  }

  footerRead(): void {
    this.connection.close('client-closed');
  }

  ended(reason: CloseReason, unsent: Stanza[]): void {
    const older = this.unacknowledged.connectionEnded(unsent);
    if (this.state === 'moving') return;
    // If a stanza older than the answer to <enable/> is unwritten, so is that answer, and the client cannot know its id.
    if (older.length > 0 || !isResumable(reason) || !this.wait(reason)) this.finish(reason, older);
  }

  elementRead(element: Element): void {
    if (element.namespace !== NS.streamManagement) throw unsupportedElement(element);
    switch (element.name) {
      case 'r':
        this.connection.write(managementElement('a', { h: String(this.handled) }));
        return;
      case 'a':
        this.acknowledgementRead(element);
        return;
      // XEP-0198 §3, §5: only once, and only before this point.
      case 'enable':
      case 'resume':
        this.connection.write(failedXml('unexpected-request'));
        return;
      default:
        throw new StreamError('unsupported-stanza-type', `unknown element <${element.name} xmlns='${NS.streamManagement}'>`);
    }
  }

  private acknowledgementRead(element: Element): void {
    const handled = countIn(element.attributes.get('h'));
    if (handled === null) throw new StreamError('bad-format', '"h" must be a number of stanzas');
    this.acknowledge(handled);
    this.asked = false;
    if (this.unacknowledged.size > 0) this.ask();
  }

  private acknowledge(handled: number): void {
    if (this.unacknowledged.acknowledge(handled)) return;
    const { sent } = this.unacknowledged;
    // XEP-0198 §4
    const condition = managementElement('handled-count-too-high', { h: String(handled), 'send-count': String(sent) });
    throw new StreamError('undefined-condition', `acknowledged ${handled} stanzas of ${sent}`, condition);
  }

  /** Sends one <r/> at a time: the peer sets the pace. */
  private ask(): void {
    if (this.asked) return;
    this.asked = true;
    this.connection.write(REQUEST);
  }

  /** XEP-0198 §5: closes the old connection, which may still exist, dead or not. */
  private leaveConnection(): void {
    this.state = 'moving';
    this.connection.close('replaced', new StreamError('conflict', 'the session resumed over another connection'));
  }

  private wait(reason: CloseReason): boolean {
    if (this.id === '') return false;
    this.timer = this.keeper.wait(this, reason);
    if (this.timer === null) return false;
    this.waitsUntil = this.keeper.clock.now() + this.resumptionMs;
    this.state = 'waiting';
    return true;
  }

  private finish(reason: CloseReason, older: readonly Stanza[] = []): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.timer?.cancel();
    this.keeper.ended(this);
    const unsent = [...older, ...this.unacknowledged.undelivered()];
    this.unacknowledged.clear();
    this.session.linkEnded(reason, unsent);
  }
}

/** Whether the connection may have been lost unintentionally. */
function isResumable(reason: CloseReason): boolean {
  return (
    reason === 'client-disconnected' || reason === 'connection-failed' || reason === 'slow-reader' || reason === 'ping-timeout' || reason === 'server-restarted'
  );
}
