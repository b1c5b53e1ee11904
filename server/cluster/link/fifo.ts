/** Forgotten items from which the array is made anew. */
const MOST_GONE = 1_024;

/** A first-in, first-out queue of any length, which costs the same for each item. */
export class Fifo<Item> {
  private items: Item[] = [];
  private gone = 0;

  get length(): number {
    return this.items.length - this.gone;
  }

  /** @param index 0 is the oldest. */
  at(index: number): Item | undefined {
    return this.items[this.gone + index];
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let index = this.gone; index < this.items.length; index++) yield this.items[index] as Item;
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item | undefined {
    const item = this.items[this.gone];
    if (item === undefined) return undefined;
    // Free what the item holds.
    this.items[this.gone++] = undefined as Item;
    if (this.gone === this.items.length) this.clear();
    else if (this.gone >= MOST_GONE && this.gone * 2 >= this.items.length) this.compact();
    return item;
  }

  clear(): void {
    this.items = [];
    this.gone = 0;
  }

  /** Forgets the removed items. */
  private compact(): void {
    this.items = this.items.slice(this.gone);
    this.gone = 0;
  }
}
