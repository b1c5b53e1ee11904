import type { Clock } from '../../shared/clock.ts';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import { cut } from '../../shared/pieces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { CloseReason } from '../kernel/close-reason.ts';
import type { Flushable, Flusher } from './flusher.ts';
import { type Sink, WRITE_LENGTH } from './transport.ts';

/** A longer text is the rest of a stanza; texts of the stream itself are shorter. */
const LONG_TEXT = 1_024;

/** The most waiting stanzas that still refer to their input chunk; most are written at the end of the turn. */
const MANY = 256;

/** Waiting output. */
export interface SavedOutbox {
  readonly entries: readonly (string | Stanza)[];
  /** How long the peer has read nothing. */
  readonly blockedMs: number;
}

/**
 * The output to one peer: text of the stream itself, and stanzas. It is written once per turn of the event loop, in bounded portions, so that other
 * peers need not wait long. While the peer does not read, stanzas stay separate, so that unwritten ones can bounce or go to another listener.
 */
export class Outbox implements Flushable {
  private readonly sink: Sink;
  private readonly flusher: Flusher;
  private readonly clock: Pick<Clock, 'now'>;
  private account: MemoryAccount;
  private entries: (string | Stanza)[] = [];
  private dirty = false;
  /** Whether the kernel has not taken all of the last write. */
  private blocked = false;
  private ended = false;
  /** {@link Clock.now} since when the peer has read nothing; 0 while it reads. */
  blockedSince = 0;
  /** The memory of all waiting output, in bytes. */
  length = 0;
  /** The part of it that is charged to the account. */
  private charged = 0;
  /** The part of it that another place charges. */
  private shared = 0;
  /** The charge for the part of the last write that the kernel has not taken. */
  private chargedWaiting = 0;
  /** Whether another place keeps the stanzas too, and charges them. */
  private stanzasAreShared = false;
  /** Whether long texts, the rests of stanzas, have two-byte characters. */
  private longIsTwoByte = false;

  constructor(sink: Sink, flusher: Flusher, clock: Pick<Clock, 'now'>, account: MemoryAccount) {
    this.sink = sink;
    this.flusher = flusher;
    this.clock = clock;
    this.account = account;
  }

  append(entry: string | Stanza): void {
    const { length } = this.entries;
    if ((this.blocked || length >= MANY) && typeof entry !== 'string') entry.detach();
    this.add(entry);
    // Most entries are written at the end of the turn, and never charged.
    if (this.blocked || length % MANY === MANY - 1) this.chargeKept();
    if (!this.blocked) this.flushLater();
  }

  /** Charges another account from now on. */
  chargeTo(account: MemoryAccount): void {
    const sum = this.charged + this.chargedWaiting;
    this.account.charge(-sum);
    account.charge(sum);
    this.account = account;
  }

  /** Another place keeps the stanzas too from now on, and charges them. */
  shareStanzas(): void {
    this.stanzasAreShared = true;
    for (const entry of this.entries) if (typeof entry !== 'string') this.shared += this.costOf(entry);
    this.chargeKept();
  }

  /** All waiting output, for another process. */
  save(): SavedOutbox {
    const { entries, blockedSince } = this;
    return { entries, blockedMs: blockedSince === 0 ? 0 : this.clock.now() - blockedSince };
  }

  /** Takes over the output of another process; call it first. @param hasRest Whether {@link writeRest} follows. */
  restore({ entries, blockedMs }: SavedOutbox, hasRest: boolean): void {
    this.blocked = hasRest;
    if (hasRest) this.blockedSince = this.clock.now() - blockedMs;
    for (const entry of entries) this.append(entry);
  }

  /** Writes one portion; the rest follows in the next turn. */
  flush(): void {
    this.dirty = false;
    const enough = this.sink.written + WRITE_LENGTH;
    while (this.writable && this.sink.written < enough) this.writeSome();
    this.chargeKept();
    if (this.writable) this.flushLater();
  }

  /** Writes everything that the peer reads. */
  flushAll(): void {
    while (this.writable) this.writeSome();
    this.chargeKept();
  }

  /** Removes the unwritten stanzas, in order. Text of the stream itself stays. */
  drain(): Stanza[] {
    const { entries } = this;
    const stanzas = entries.filter((entry) => typeof entry !== 'string');
    this.clear();
    for (const entry of entries) if (typeof entry === 'string') this.add(entry);
    this.chargeKept();
    return stanzas;
  }

  /** Writes the remaining text and the last texts, and closes our side. Call {@link drain} first. */
  end(texts: readonly string[], reason: CloseReason): void {
    if (this.ended) return;
    this.ended = true;
    this.sink.end([...(this.entries as string[]), ...texts], reason);
    this.clear();
    this.chargeKept();
  }

  /** Drops everything when the connection has closed in both directions. */
  close(): void {
    this.clear();
    this.chargeKept();
    this.account.charge(-this.chargedWaiting);
    this.chargedWaiting = 0;
  }

  private get writable(): boolean {
    return !this.blocked && this.entries.length > 0 && !this.ended && !this.sink.destroyed;
  }

  private flushLater(): void {
    if (this.dirty) return;
    this.dirty = true;
    this.flusher.add(this);
  }

  private writeSome(): void {
    const { entries } = this;
    const count = this.sink.write(entries, this.taken);
    if (count === 0) {
      this.cutFirst();
    } else if (count === entries.length) {
      this.clear();
    } else {
      this.entries = entries.slice(count);
      for (let index = 0; index < count; index++) this.count(entries[index] as string | Stanza, -1);
    }
    if (this.sink.waitingBytes === 0) return;
    this.chargeWaiting();
    this.blocked = true;
    this.blockedSince = this.clock.now();
    for (const entry of this.entries) if (typeof entry !== 'string') entry.detach();
  }

  /** Cuts a portion of the first, long entry. Once it is partly written, the rest counts as text of the stream, which is not returned. */
  private cutFirst(): void {
    const [first, ...others] = this.entries as [string | Stanza, ...(string | Stanza)[]];
    const pieces = typeof first === 'string' ? cut(first) : first.toPieces();
    this.count(first, -1);
    if (typeof first !== 'string') this.longIsTwoByte = first.twoByte;
    this.entries = [...pieces, ...others];
    for (const piece of pieces) this.count(piece, 1);
    this.writeSome();
  }

  private add(entry: string | Stanza): void {
    this.entries.push(entry);
    this.count(entry, 1);
  }

  private clear(): void {
    this.entries = [];
    this.length = 0;
    this.shared = 0;
  }

  /** @param sign 1 for a new entry, -1 for one that left. */
  private count(entry: string | Stanza, sign: 1 | -1): void {
    const cost = sign * this.costOf(entry);
    this.length += cost;
    if (this.stanzasAreShared && typeof entry !== 'string') this.shared += cost;
  }

  private chargeKept(): void {
    const kept = this.length - this.shared;
    if (kept === this.charged) return;
    this.account.charge(kept - this.charged);
    this.charged = kept;
  }

  private costOf(entry: string | Stanza): number {
    if (typeof entry !== 'string') return entry.cost;
    return entry.length >= LONG_TEXT && this.longIsTwoByte ? 2 * entry.length : entry.length;
  }

  private chargeWaiting(): void {
    const { waitingBytes } = this.sink;
    this.account.charge(waitingBytes - this.chargedWaiting);
    this.chargedWaiting = waitingBytes;
  }

  // One function per connection, not per write.
  readonly taken = (): void => {
    if (!this.blocked) return;
    this.chargeWaiting();
    if (this.sink.waitingBytes > 0) return;
    this.blocked = false;
    this.blockedSince = 0;
    this.sink.inFlight = null;
    if (this.entries.length > 0) this.flushLater();
  };
}
