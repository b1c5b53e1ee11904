import type { Clock } from '../../shared/clock.ts';
import type { MemoryAccount } from '../../shared/memory-account.ts';
import { cut } from '../../shared/pieces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Flushable, Flusher } from './flusher.ts';
import { type Sink, WRITE_LENGTH } from './transport.ts';

/** Texts of the stream itself are shorter than this; longer ones were cut from a stanza. */
const LONG_TEXT = 1_024;

/** So many stanzas may wait that still refer to the chunk of input they came in: most are written at the end of the turn. */
const MANY = 256;

/**
 * What is to be written to one peer: text of the stream itself, and stanzas. It is written once for each turn of the event loop, and so much at most that others
 * need not wait long for theirs. While the peer takes nothing, stanzas stay here one by one, so that what was never written can be bounced or handed to another.
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
  /** {@link Clock.now} when the peer last began to take nothing; 0 while it takes all. */
  blockedSince = 0;
  /** The memory that everything takes which waits here, in bytes. */
  length = 0;
  /** What is charged of that to the account. */
  private charged = 0;
  /** Charged for what the kernel has not taken of the last write. */
  private chargedWaiting = 0;
  /** Whether stanzas are kept somewhere else as well, where they are charged. */
  private stanzasAreShared = false;
  /** Whether long texts, which were cut from a stanza, have characters of two bytes. */
  private longIsTwoByte = false;

  constructor(sink: Sink, flusher: Flusher, clock: Pick<Clock, 'now'>, account: MemoryAccount) {
    this.sink = sink;
    this.flusher = flusher;
    this.clock = clock;
    this.account = account;
  }

  append(entry: string | Stanza): void {
    if ((this.blocked || this.entries.length >= MANY) && typeof entry !== 'string') entry.detach();
    this.add(entry);
    if (!this.blocked) this.flushLater();
  }

  /** From now on another account is charged for what waits here. */
  chargeTo(account: MemoryAccount): void {
    const sum = this.charged + this.chargedWaiting;
    this.account.charge(-sum);
    account.charge(sum);
    this.account = account;
  }

  /** From now on the stanzas are kept somewhere else as well, where they are charged. */
  shareStanzas(): void {
    let kept = 0;
    for (const entry of this.entries) if (typeof entry === 'string') kept += this.costOf(entry);
    this.stanzasAreShared = true;
    this.account.charge(kept - this.charged);
    this.charged = kept;
  }

  /** Writes as much as may be handed to the kernel at once; if that is not all, the rest follows in the next turn. */
  flush(): void {
    this.dirty = false;
    const enough = this.sink.written + WRITE_LENGTH;
    while (this.writable && this.sink.written < enough) this.writeSome();
    if (this.writable) this.flushLater();
  }

  /** Writes all that the peer takes. */
  flushAll(): void {
    while (this.writable) this.writeSome();
  }

  /** Takes out the stanzas that were not written, in the order in which they came. Text of the stream itself stays. */
  drain(): Stanza[] {
    const { entries } = this;
    const stanzas = entries.filter((entry) => typeof entry !== 'string');
    this.clear();
    for (const entry of entries) if (typeof entry === 'string') this.add(entry);
    return stanzas;
  }

  /** Writes what text is left and the last ones as soon as the peer takes it, and closes our side. Stanzas are to be drained before. */
  end(texts: readonly string[]): void {
    if (this.ended) return;
    this.ended = true;
    this.sink.end([...(this.entries as string[]), ...texts]);
    this.clear();
  }

  /** The connection is over in both directions: nothing is kept any more. */
  close(): void {
    this.clear();
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

  /** The first entry is a long one. Once some of it was written, the rest is text of the stream, which nobody gets back. */
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
    this.account.charge(-this.charged);
    this.charged = 0;
  }

  /** @param sign 1 for what has come, -1 for what has gone. */
  private count(entry: string | Stanza, sign: 1 | -1): void {
    const cost = sign * this.costOf(entry);
    this.length += cost;
    if (this.stanzasAreShared && typeof entry !== 'string') return;
    this.charged += cost;
    this.account.charge(cost);
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

  // One function for each connection, not for each write.
  private readonly taken = (): void => {
    if (!this.blocked) return;
    this.chargeWaiting();
    if (this.sink.waitingBytes > 0) return;
    this.blocked = false;
    this.blockedSince = 0;
    if (this.entries.length > 0) this.flushLater();
  };
}
