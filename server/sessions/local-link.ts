import { StreamError } from '../../shared/errors.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Limits } from '../config/limits.ts';
import type { ServerClock } from '../kernel/clock.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { ServerCounts } from '../kernel/counts.ts';
import type { Log } from '../kernel/log.ts';
import type { Debtor, MemoryBudget, PeerAccount } from '../kernel/memory-budget.ts';
import type { Flushable, Flusher } from '../net/flusher.ts';
import { isStalled, overflows } from '../net/outbox-limits.ts';
import type { Link } from './link.ts';
import type { Session } from './session.ts';

/** A program in this process. */
export interface Program {
  /** Receives a stanza, which it may keep. */
  received(stanza: Stanza): void;
  /** Called once when its session has ended, never during a call from the program. */
  ended(reason: CloseReason): void;
  /** Called if a fault of a test refuses a stanza from the program, never during a call from it. Only gateways have an HTTP status to give. */
  refused?(stanza: Stanza, httpStatus: number): void;
}

/** The environment that all local links of a server share. */
export interface LocalLinkEnvironment {
  readonly memory: MemoryBudget;
  readonly flusher: Flusher;
  readonly clock: ServerClock;
  readonly limits: Limits;
  readonly counts: ServerCounts;
  readonly log: Log;
  readonly onClosed: (link: LocalLink) => void;
}

/** The approximate memory of a link and its session. */
const LINK_BYTES = 4_096;

/** Where a program's own peer is, for logs and observers. A gateway changes it when it works for another one. */
export interface ProgramPlace {
  readonly kind: 'memory' | 'web';
  readonly peer: string;
}

/** The place of a program that has no peer of its own. */
const THIS_PROCESS: ProgramPlace = { kind: 'memory', peer: 'this process' };

const NOTHING: readonly Stanza[] = [];

/**
 * Links a session with a program in this process. They exchange stanzas instead of XML, with the same session, stamping, limits, taps and faults as over a
 * socket. The program receives stanzas at the end of the turn, when connections are written.
 */
export class LocalLink implements Link, Flushable, Debtor {
  readonly rank = 'client';
  readonly account: PeerAccount;
  bytesRead = 0;
  bytesWritten = 0;
  /** The memory of all queued stanzas, in bytes. */
  length = 0;
  /** The time since when it is held back, in monotonic milliseconds; 0 while it is not. */
  blockedSince = 0;
  private readonly environment: LocalLinkEnvironment;
  private readonly program: Program;
  private readonly place: ProgramPlace;
  private session: Session | null = null;
  private waiting: Stanza[] = [];
  /** The stanzas being handed to the program, and the number of those done. */
  private leaving = NOTHING;
  private left = 0;
  private dirty = false;
  private overflowing = false;
  private holds = 0;
  private state: 'open' | 'closed' = 'open';

  constructor(environment: LocalLinkEnvironment, program: Program, place = THIS_PROCESS) {
    this.environment = environment;
    this.program = program;
    this.place = place;
    this.account = environment.memory.open(this, place.peer);
    this.account.charge(LINK_BYTES);
  }

  get kind(): ProgramPlace['kind'] {
    return this.place.kind;
  }

  get peer(): string {
    return this.place.peer;
  }

  get open(): boolean {
    return this.state === 'open';
  }

  get blocked(): boolean {
    return this.blockedSince !== 0;
  }

  get stalled(): boolean {
    return isStalled(this, this.environment.limits, this.environment.clock.now());
  }

  get backlogged(): boolean {
    return this.length > this.environment.limits.backlogBytes;
  }

  get outboxBytes(): number {
    return this.length;
  }

  /** Sets its session. */
  bind(session: Session): void {
    this.session = session;
  }

  /** Called by the program: sends a stanza, which the session stamps. */
  submit(stanza: Stanza): void {
    const { session } = this;
    if (this.state === 'closed' || session === null) return;
    const { length } = stanza;
    this.bytesRead += length;
    try {
      if (length > this.environment.limits.stanzaBytes) session.readOversized(stanza, length);
      else session.read(stanza);
    } catch (error) {
      this.failed(error);
    }
  }

  send(stanza: Stanza): void {
    if (this.state === 'closed') return;
    if (this.holds > 0) stanza.detach();
    this.waiting.push(stanza);
    this.count(stanza.cost);
    if (!this.dirty) {
      this.dirty = true;
      this.environment.flusher.add(this);
    }
    this.closeIfOverflowing();
  }

  flush(): void {
    this.dirty = false;
    if (this.holds > 0) {
      this.block();
      return;
    }
    this.blockedSince = 0;
    this.leaving = this.waiting;
    this.left = 0;
    this.waiting = [];
    while (this.left < this.leaving.length && this.holds === 0 && this.state === 'open') this.handOver(this.leaving[this.left++] as Stanza);
    if (this.state === 'open' && this.left < this.leaving.length) this.waiting = [...this.leaving.slice(this.left), ...this.waiting];
    this.leaving = NOTHING;
  }

  close(reason: CloseReason, _error: StreamError | null): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.environment.counts.closes.count(reason);
    const unsent = [...this.leaving.slice(this.left), ...this.waiting];
    this.waiting = [];
    this.count(-this.length);
    this.account.charge(-LINK_BYTES);
    const { clock, onClosed } = this.environment;
    clock.next(() => this.program.ended(reason));
    onClosed(this);
    this.session?.linkEnded(reason, unsent);
  }

  giveUp(): void {
    this.close('memory-budget', null);
  }

  cut(): void {
    this.close('connection-failed', null);
  }

  /** Simulates a failing server behind a proxy: hands a stanza back to its program. */
  refuse(stanza: Stanza, httpStatus: number): void {
    this.environment.clock.next(() => this.program.refused?.(stanza, httpStatus));
  }

  hold(): () => void {
    let held = true;
    this.holds++;
    return () => {
      if (!held) return;
      held = false;
      this.holds--;
      if (this.holds === 0 && this.waiting.length > 0 && !this.dirty) this.flush();
    };
  }

  /** Does nothing: there are no bytes to split. */
  splitWrites(): () => void {
    return () => {};
  }

  private count(bytes: number): void {
    this.length += bytes;
    this.account.charge(bytes);
  }

  private handOver(stanza: Stanza): void {
    this.count(-stanza.cost);
    this.bytesWritten += stanza.length;
    try {
      this.program.received(stanza);
    } catch (error) {
      this.environment.log.error({ err: error, jid: this.session?.jid }, 'a program in this process failed on a stanza');
    }
  }

  private block(): void {
    if (this.blockedSince === 0) this.blockedSince = this.environment.clock.now();
    for (const stanza of this.waiting) stanza.detach();
  }

  private closeIfOverflowing(): void {
    const { limits, clock } = this.environment;
    if (this.overflowing || this.length <= limits.outboxBytes || !overflows(this, limits, clock.now())) return;
    // Deferred: close() re-delivers queued stanzas and may already be on the stack.
    this.overflowing = true;
    clock.soon(() => this.close('slow-reader', null));
  }

  private failed(error: unknown): void {
    if (error instanceof StreamError) {
      this.close('stream-error', error);
      return;
    }
    this.environment.log.error({ err: error, jid: this.session?.jid }, 'session ended by an internal error');
    this.close('internal-error', null);
  }
}
