import type { Clock, Timer } from '../../shared/clock.ts';

/** A fast clock that a test moves. */
export class SimulatedClock implements Clock {
  private time = 1_000;
  /** The soonest last. */
  private readonly pending: { readonly due: number; action: (() => void) | null }[] = [];

  now(): number {
    return this.time;
  }

  wallTime(): number {
    return this.time;
  }

  after(ms: number, action: () => void): Timer {
    const timer: { readonly due: number; action: (() => void) | null } = { due: this.time + ms, action };
    let index = this.pending.length;
    while (index > 0 && (this.pending[index - 1] as { due: number }).due <= timer.due) index--;
    this.pending.splice(index, 0, timer);
    return {
      cancel: () => {
        timer.action = null;
      },
    };
  }

  runUntil(end: number): void {
    for (let next = this.pending.at(-1); next !== undefined && next.due <= end; next = this.pending.at(-1)) {
      this.pending.pop();
      this.time = next.due;
      next.action?.();
    }
    this.time = end;
  }
}
