import type { Clock } from '../../shared/clock.ts';

/** What programs of this process may do in one turn of the event loop, all together; then the peers get theirs. */
const TURN_MS = 2;

/**
 * Lets programs of this process (stubs, the built-in settings) do their work piece by piece: in one turn of the event loop as many pieces as take no longer
 * than {@link TURN_MS}, at least one, and the others in the turns behind it, in order.
 */
export class ProgramTurns {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly soon: (action: () => void) => void;
  private readonly waiting: (() => void)[] = [];
  private state: 'idle' | 'running' = 'idle';
  /** When the time of this turn is over; 0 while no piece has begun in it. */
  private end = 0;
  private turnBegun: () => void = () => {};

  /** @param soon Calls something in the next turn. */
  constructor(clock: Pick<Clock, 'now'>, soon: (action: () => void) => void) {
    this.clock = clock;
    this.soon = soon;
  }

  /** Whether another program waits, or the time of this turn is over; a long piece of work then awaits {@link next}. */
  get over(): boolean {
    return this.waiting.length > 0 || (this.end !== 0 && this.clock.now() >= this.end);
  }

  /** Resolves when the next piece of work may begin. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.state === 'idle') void this.run();
    });
  }

  private async run(): Promise<void> {
    this.state = 'running';
    // The first one does not wait yet for what it was promised.
    await null;
    while (this.waiting.length > 0) {
      if (this.end === 0) this.begin();
      else if (this.clock.now() >= this.end) await new Promise<void>((resolve) => (this.turnBegun = resolve));
      else {
        this.waiting.shift()?.();
        // The piece that was let go runs before this goes on.
        await null;
      }
    }
    this.state = 'idle';
  }

  private begin(): void {
    this.end = this.clock.now() + TURN_MS;
    this.soon(() => {
      this.end = 0;
      this.turnBegun();
    });
  }
}
