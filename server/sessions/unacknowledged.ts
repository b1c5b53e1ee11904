import type { MemoryAccount } from '../../shared/memory-account.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';

/** The approximate memory of an entry besides its stanza. */
const ENTRY_BYTES = 40;

interface Entry {
  readonly stanza: Stanza;
  /** Whether a connection has written it, so that the peer may have it. */
  written: boolean;
}

/** Unacknowledged stanzas. */
export interface SavedUnacknowledged {
  readonly acknowledged: number;
  readonly entries: readonly Readonly<Entry>[];
}

/** The unacknowledged stanzas to a peer, oldest first (XEP-0198 §4). */
export class Unacknowledged {
  private entries: Entry[] = [];
  private readonly account: MemoryAccount;
  /** The number of acknowledged stanzas, modulo 2^32. */
  private acknowledged = 0;
  /** Their memory, in bytes. */
  bytes = 0;

  /** @param account The account of the peer. */
  constructor(account: MemoryAccount) {
    this.account = account;
  }

  get size(): number {
    return this.entries.length;
  }

  /** The number of sent stanzas, modulo 2^32. */
  get sent(): number {
    return (this.acknowledged + this.entries.length) >>> 0;
  }

  add(stanza: Stanza): void {
    // It outlives its input chunk.
    stanza.detach();
    this.entries.push({ stanza, written: false });
    this.count(stanza.cost + ENTRY_BYTES);
  }

  /** Removes acknowledged stanzas. @param handled The peer's total count. @returns false if the count is impossible. */
  acknowledge(handled: number): boolean {
    const count = (handled - this.acknowledged) >>> 0;
    if (count > this.entries.length) return false;
    for (const { stanza } of this.entries.splice(0, count)) this.count(-stanza.cost - ENTRY_BYTES);
    this.acknowledged = handled;
    return true;
  }

  /** Its content, for another process. */
  save(): SavedUnacknowledged {
    return { acknowledged: this.acknowledged, entries: this.entries };
  }

  /** Takes over the content of another process. */
  restore({ acknowledged, entries }: SavedUnacknowledged): void {
    this.acknowledged = acknowledged;
    for (const { stanza, written } of entries) {
      this.add(stanza);
      if (written) (this.entries.at(-1) as Entry).written = true;
    }
  }

  /** Marks the unwritten stanzas of a closed connection. @returns those that are not kept here. */
  connectionEnded(unsent: readonly Stanza[]): Stanza[] {
    const unwritten = new Set(unsent);
    for (const entry of this.entries) if (!unwritten.delete(entry.stanza)) entry.written = true;
    return [...unwritten];
  }

  /** The stanzas to resend. */
  stanzas(): Stanza[] {
    return this.entries.map(({ stanza }) => stanza);
  }

  /**
   * The stanzas to return if the session ends. It excludes requests that the peer may have read: they could run twice, and the
   * router has its own rules for the requests of a lost listener.
   */
  undelivered(): Stanza[] {
    return this.entries.filter(({ stanza, written }) => !written || stanza.returnPath === BOUNCES).map(({ stanza }) => stanza);
  }

  /** Clears everything when the session has ended; call {@link undelivered} first. */
  clear(): void {
    this.entries = [];
    this.count(-this.bytes);
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    this.account.charge(bytes);
  }
}
