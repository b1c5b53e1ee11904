import type { RoutedRequest } from './routed-request.ts';

const FEWEST_SLOTS = 256;

/** The state of a table without its requests: numbers that did not collide in it do not collide in one of the same size. */
export interface Numbering {
  readonly last: number;
  readonly slots: number;
}

/**
 * Open requests by number. A number is used once, and its low bits are its slot; a number whose slot is taken is skipped.
 *
 * Not a Map: a Map with changing entries replaces its table again and again, and the garbage collector keeps the old tables with their content
 * until a full collection. A request cost 40 % more with a Map (Node 20.20).
 */
export class NumberedRequests {
  size = 0;
  private slots: (RoutedRequest | null)[] = emptySlots(FEWEST_SLOTS);
  private last = 0;

  /** The number for the next request, from 1. */
  nextNumber(): number {
    if (2 * this.size >= this.slots.length) this.grow();
    const mask = this.slots.length - 1;
    do this.last++;
    while (this.slots[this.last & mask] !== null);
    return this.last;
  }

  /** Gives a number to something else than a request: requests that are handed over later have larger ones. */
  numberEvent(): number {
    return ++this.last;
  }

  /** The last number, and the number of slots, for another process. */
  get numbering(): Numbering {
    return { last: this.last, slots: this.slots.length };
  }

  /** Goes on with the numbers of another process, before any request is added. */
  restore({ last, slots }: Numbering): void {
    this.last = last;
    this.slots = emptySlots(slots);
  }

  /** Adds a request that has the last number. */
  add(request: RoutedRequest): void {
    this.slots[request.number & (this.slots.length - 1)] = request;
    this.size++;
  }

  /** The open request with that number, or null. */
  get(number: number): RoutedRequest | null {
    const request = this.slots[number & (this.slots.length - 1)] as RoutedRequest | null;
    return request !== null && request.number === number ? request : null;
  }

  /** Frees the slot of a request. */
  remove(request: RoutedRequest): void {
    this.slots[request.number & (this.slots.length - 1)] = null;
    this.size--;
  }

  private grow(): void {
    const { slots } = this;
    this.slots = emptySlots(2 * slots.length);
    const mask = this.slots.length - 1;
    // Numbers that do not collide in the smaller table cannot collide in the larger one.
    for (const request of slots) if (request !== null) this.slots[request.number & mask] = request;
  }
}

function emptySlots(length: number): (RoutedRequest | null)[] {
  return Array<RoutedRequest | null>(length).fill(null);
}
