import type { Duplex } from 'node:stream';
import type { Stanza } from '../../shared/stanza.ts';
import type { Flushable, Flusher } from './flusher.ts';

/** The most that is handed to the kernel at once: what is behind it can still go elsewhere if the peer ends. */
const WRITE_LENGTH = 256 * 1024;

/**
 * What is to be written to one peer. Text is appended, written once for each turn of the event loop, and kept stanza by stanza
 * while the peer takes none, so that what was never written can be bounced or handed to another.
 */
export class Outbox implements Flushable {
  private readonly socket: Duplex;
  private readonly flusher: Flusher;
  private texts: string[] = [];
  /** For each text the stanza it is; null for what belongs to the stream itself. */
  private stanzas: (Stanza | null)[] = [];
  private dirty = false;
  /** Whether the kernel has not taken all of the last write. */
  private blocked = false;
  private ended = false;
  /** `Date.now()` when the peer last began to take nothing; 0 while it takes all. */
  blockedSince = 0;
  /** The length of what waits here, in UTF-16 units: bytes, for OpenSRF's traffic. */
  length = 0;

  constructor(socket: Duplex, flusher: Flusher) {
    this.socket = socket;
    this.flusher = flusher;
  }

  append(text: string, stanza: Stanza | null): void {
    // A slice keeps the whole chunk alive that it was cut from; that must not pile up behind a peer that does not read.
    this.texts.push(this.blocked ? detached(text) : text);
    this.stanzas.push(stanza);
    this.length += text.length;
    if (this.dirty || this.blocked) return;
    this.dirty = true;
    this.flusher.add(this);
  }

  flush(): void {
    this.dirty = false;
    while (!this.blocked && this.texts.length > 0) this.writeSome();
  }

  /** Takes everything out that was not written, stanzas in the order in which they came. */
  drain(): Stanza[] {
    const stanzas = this.stanzas.filter((stanza) => stanza !== null);
    this.texts = [];
    this.stanzas = [];
    this.length = 0;
    return stanzas;
  }

  /** Writes a last text as soon as the peer takes it, and closes our side. */
  end(text: string): void {
    if (this.ended) return;
    this.ended = true;
    this.socket.end(text);
  }

  private writeSome(): void {
    const count = this.countToWrite();
    const all = count === this.texts.length;
    const text = count === 1 ? (this.texts[0] as string) : (all ? this.texts : this.texts.slice(0, count)).join('');
    this.texts = all ? [] : this.texts.slice(count);
    this.stanzas = all ? [] : this.stanzas.slice(count);
    this.length -= text.length;
    if (this.ended || this.socket.destroyed) return;
    this.socket.write(text, 'utf8', this.written);
    if (this.socket.writableLength === 0) return;
    this.blocked = true;
    this.blockedSince = Date.now();
  }

  private countToWrite(): number {
    if (this.length <= WRITE_LENGTH) return this.texts.length;
    let length = 0;
    let count = 0;
    while (count < this.texts.length && (count === 0 || length < WRITE_LENGTH)) {
      length += (this.texts[count] as string).length;
      count++;
    }
    return count;
  }

  // One function for each connection, not for each write.
  private readonly written = (): void => {
    if (!this.blocked || this.socket.writableLength > 0) return;
    this.blocked = false;
    this.blockedSince = 0;
    if (this.texts.length === 0 || this.dirty) return;
    this.dirty = true;
    this.flusher.add(this);
  };
}

function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
