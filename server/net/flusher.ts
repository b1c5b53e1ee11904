/** Something with output that is to be written before the process waits for input again. */
export interface Flushable {
  flush(): void;
}

/**
 * Joins the output of one turn of the event loop into one write for each connection: everything that reads has run by the time
 * `setImmediate` fires (the check phase follows the poll phase).
 */
export class Flusher {
  private dirty: Flushable[] = [];

  /** Flushes it at the end of this turn. The caller sees to it that it is not added twice. */
  add(flushable: Flushable): void {
    if (this.dirty.length === 0) setImmediate(this.flushAll);
    this.dirty.push(flushable);
  }

  private readonly flushAll = (): void => {
    const { dirty } = this;
    this.dirty = [];
    for (const flushable of dirty) flushable.flush();
  };
}
