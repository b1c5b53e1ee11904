import type { Stanza } from '../../shared/stanza.ts';

/** What a stanza that waits takes besides its content, roughly. */
const OVERHEAD_BYTES = 1_000;

/** Counts the stanzas that wait for something, within bounds of number and bytes. */
export class Backlog {
  count = 0;
  private bytes = 0;
  private readonly maxCount: number;
  private readonly maxBytes: number;

  constructor(maxCount = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY) {
    this.maxCount = maxCount;
    this.maxBytes = maxBytes;
  }

  /** @param more So many more may wait. */
  hasRoomFor(stanza: Stanza, more = 0): boolean {
    return this.count < this.maxCount + more && (this.count === 0 || this.bytes + bytesOf(stanza) <= this.maxBytes);
  }

  /** A stanza begins to wait: it lets go of the input that it was cut from. */
  add(stanza: Stanza): void {
    stanza.detach();
    this.count++;
    this.bytes += bytesOf(stanza);
  }

  /** It waits no more. */
  remove(stanza: Stanza): void {
    this.count--;
    this.bytes -= bytesOf(stanza);
  }
}

function bytesOf({ length, otherAttributes, id }: Stanza): number {
  return OVERHEAD_BYTES + length + otherAttributes.length + id.length;
}
