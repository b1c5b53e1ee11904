import type { MemoryAccount } from '../../shared/memory-account.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';

/** What an entry takes besides its stanza. */
const ENTRY_BYTES = 40;

interface Entry {
  readonly stanza: Stanza;
  /** Whether the peer may have it: a connection has written it. */
  written: boolean;
}

/** What was sent to a peer that has not acknowledged it yet, oldest first (XEP-0198 §4). */
export class Unacknowledged {
  private entries: Entry[] = [];
  private readonly account: MemoryAccount;
  /** How many were ever acknowledged, modulo 2^32. */
  private acknowledged = 0;
  /** The memory that they take. */
  bytes = 0;

  /** @param account Of the peer. */
  constructor(account: MemoryAccount) {
    this.account = account;
  }

  get size(): number {
    return this.entries.length;
  }

  /** How many were ever sent, modulo 2^32. */
  get sent(): number {
    return (this.acknowledged + this.entries.length) >>> 0;
  }

  add(stanza: Stanza): void {
    // Kept for longer than a turn of the event loop.
    stanza.detach();
    this.entries.push({ stanza, written: false });
    this.count(stanza.cost + ENTRY_BYTES);
  }

  /** Lets go of what the peer has. @param handled How many it has taken in all. @returns false if it cannot have so many. */
  acknowledge(handled: number): boolean {
    const count = (handled - this.acknowledged) >>> 0;
    if (count > this.entries.length) return false;
    for (const { stanza } of this.entries.splice(0, count)) this.count(-stanza.cost - ENTRY_BYTES);
    this.acknowledged = handled;
    return true;
  }

  /** A connection has ended: what it had not written, nobody has seen. @returns what of that is not kept here. */
  connectionEnded(unsent: readonly Stanza[]): Stanza[] {
    const unwritten = new Set(unsent);
    for (const entry of this.entries) if (!unwritten.delete(entry.stanza)) entry.written = true;
    return [...unwritten];
  }

  /** What is to be sent again. */
  stanzas(): Stanza[] {
    return this.entries.map(({ stanza }) => stanza);
  }

  /**
   * What is to be handed on if the peer does not come back. A request that it may have read is not: it could be executed twice, and the
   * router has its own rules for the requests of a lost listener.
   */
  undelivered(): Stanza[] {
    return this.entries.filter(({ stanza, written }) => !written || stanza.returnPath === BOUNCES).map(({ stanza }) => stanza);
  }

  /** The session is over: {@link undelivered} is all that is still of use. */
  clear(): void {
    this.entries = [];
    this.count(-this.bytes);
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    this.account.charge(bytes);
  }
}
