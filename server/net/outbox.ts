import type { Clock } from '../../shared/clock.ts';
import { cut } from '../../shared/pieces.ts';
import type { Stanza } from '../../shared/stanza.ts';
import type { Flushable, Flusher } from './flusher.ts';
import { type Sink, WRITE_LENGTH } from './transport.ts';

/** About how much longer a stanza is than its {@link Stanza.inner}. */
const START_TAG_LENGTH = 200;

/**
 * What is to be written to one peer: text of the stream itself, and stanzas. It is written once for each turn of the event loop, and so much at most that others
 * need not wait long for theirs. While the peer takes nothing, stanzas stay here one by one, so that what was never written can be bounced or handed to another.
 */
export class Outbox implements Flushable {
  private readonly sink: Sink;
  private readonly flusher: Flusher;
  private readonly clock: Pick<Clock, 'now'>;
  private entries: (string | Stanza)[] = [];
  private dirty = false;
  /** Whether the kernel has not taken all of the last write. */
  private blocked = false;
  private ended = false;
  /** {@link Clock.now} when the peer last began to take nothing; 0 while it takes all. */
  blockedSince = 0;
  /** About how many bytes wait here. */
  length = 0;

  constructor(sink: Sink, flusher: Flusher, clock: Pick<Clock, 'now'>) {
    this.sink = sink;
    this.flusher = flusher;
    this.clock = clock;
  }

  append(entry: string | Stanza): void {
    if (this.blocked && typeof entry !== 'string') entry.detach();
    this.entries.push(entry);
    this.length += lengthOf(entry);
    if (!this.blocked) this.flushLater();
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
    const stanzas = this.entries.filter((entry) => typeof entry !== 'string');
    this.entries = this.entries.filter((entry) => typeof entry === 'string');
    this.length = this.entries.reduce((sum, entry) => sum + lengthOf(entry), 0);
    return stanzas;
  }

  /** Writes what text is left and the last ones as soon as the peer takes it, and closes our side. Stanzas are to be drained before. */
  end(texts: readonly string[]): void {
    if (this.ended) return;
    this.ended = true;
    this.sink.end([...(this.entries as string[]), ...texts]);
    this.entries = [];
    this.length = 0;
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
      this.entries = [];
      this.length = 0;
    } else {
      this.entries = entries.slice(count);
      for (let index = 0; index < count; index++) this.length -= lengthOf(entries[index] as string | Stanza);
    }
    if (this.sink.waitingBytes === 0) return;
    this.blocked = true;
    this.blockedSince = this.clock.now();
    for (const entry of this.entries) if (typeof entry !== 'string') entry.detach();
  }

  /** The first entry is a long one. Once some of it was written, the rest is text of the stream, which nobody gets back. */
  private cutFirst(): void {
    const [first, ...others] = this.entries as [string | Stanza, ...(string | Stanza)[]];
    const pieces = typeof first === 'string' ? cut(first) : first.toPieces();
    this.entries = [...pieces, ...others];
    this.length -= lengthOf(first);
    for (const piece of pieces) this.length += piece.length;
    this.writeSome();
  }

  // One function for each connection, not for each write.
  private readonly taken = (): void => {
    if (!this.blocked || this.sink.waitingBytes > 0) return;
    this.blocked = false;
    this.blockedSince = 0;
    if (this.entries.length > 0) this.flushLater();
  };
}

function lengthOf(entry: string | Stanza): number {
  return typeof entry === 'string' ? entry.length : entry.length + START_TAG_LENGTH;
}
