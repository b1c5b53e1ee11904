import type { Stanza } from '../../shared/stanza.ts';

/** The approximate memory of a waiting stanza besides its content. */
const OVERHEAD_BYTES = 1_000;

/** Counts waiting stanzas, within bounds of number and bytes. */
export class Backlog {
  count = 0;
  private bytes = 0;
  private readonly maxCount: number;
  private readonly maxBytes: number;

  constructor(maxCount = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY) {
    this.maxCount = maxCount;
    this.maxBytes = maxBytes;
  }

  /** @param more An addition to the bound of the number. */
  hasRoomFor(stanza: Stanza, more = 0): boolean {
    return this.count < this.maxCount + more && (this.count === 0 || this.bytes + bytesOf(stanza) <= this.maxBytes);
  }

  /** Counts a stanza and detaches it from the input chunk that it refers to. */
  add(stanza: Stanza): void {
    stanza.detach();
    this.count++;
    this.bytes += bytesOf(stanza);
  }

  /** Removes a stanza from the count. */
  remove(stanza: Stanza): void {
    this.count--;
    this.bytes -= bytesOf(stanza);
  }
}

function bytesOf({ length, otherAttributes, id }: Stanza): number {
  return OVERHEAD_BYTES + length + otherAttributes.length + id.length;
}
