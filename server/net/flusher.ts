import type { Clock } from '../../shared/clock.ts';
import type { Guard } from '../kernel/guard.ts';
import type { Turn } from '../kernel/turn.ts';

/** An object with output to write before the process waits for input again. */
export interface Flushable {
  flush(): void;
}

/** The time for writing output before input is read again. */
const FLUSH_MS = 5;
const FLUSHES_PER_LOOK = 16;

/** Joins the output of one turn of the event loop into one write per connection. */
export class Flusher {
  private readonly turn: Turn;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly guard: Pick<Guard, 'failed'>;
  private dirty: Flushable[] = [];

  /** @param guard Isolates the failure of one connection from the others. */
  constructor(turn: Turn, clock: Pick<Clock, 'now'>, guard: Pick<Guard, 'failed'>) {
    this.turn = turn;
    this.clock = clock;
    this.guard = guard;
    turn.whenOver = () => this.flushAll();
  }

  /** Flushes it at the end of this turn, or of a later one under load. The caller must not add it twice. */
  add(flushable: Flushable): void {
    this.turn.begin();
    this.dirty.push(flushable);
  }

  private flushAll(): void {
    const { dirty } = this;
    this.dirty = [];
    const flushed = this.flush(dirty);
    if (flushed === dirty.length) return;
    this.dirty = [...dirty.slice(flushed), ...this.dirty];
    this.turn.begin();
  }

  /** @returns the number of flushed objects. */
  private flush(flushables: readonly Flushable[]): number {
    if (flushables.length <= FLUSHES_PER_LOOK) {
      for (const flushable of flushables) this.flushOne(flushable);
      return flushables.length;
    }
    const end = this.clock.now() + FLUSH_MS;
    for (let index = 0; index < flushables.length; index++) {
      if (index % FLUSHES_PER_LOOK === 0 && index > 0 && this.clock.now() >= end) return index;
      this.flushOne(flushables[index] as Flushable);
    }
    return flushables.length;
  }

  private flushOne(flushable: Flushable): void {
    try {
      flushable.flush();
    } catch (error) {
      this.guard.failed(error);
    }
  }
}
