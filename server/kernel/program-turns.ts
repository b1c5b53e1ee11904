import type { Clock } from '../../shared/clock.ts';

/** The time for all programs of this process in one turn of the event loop. */
const TURN_MS = 2;

/**
 * Shares the event loop with the programs of this process (stubs, the built-in settings): in one turn, it runs pieces of their work for at most
 * {@link TURN_MS}, at least one, and the others in later turns, in order.
 */
export class ProgramTurns {
  private readonly clock: Pick<Clock, 'now'>;
  private readonly soon: (action: () => void) => void;
  private readonly waiting: (() => void)[] = [];
  private state: 'idle' | 'running' = 'idle';
  /** The end of the time of this turn; 0 before its first piece. */
  private end = 0;
  private turnBegun: () => void = () => {};

  /** @param soon Calls an action in the next turn. */
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
    // Let the caller await its promise first.
    await null;
    while (this.waiting.length > 0) {
      if (this.end === 0) this.begin();
      else if (this.clock.now() >= this.end) await new Promise<void>((resolve) => (this.turnBegun = resolve));
      else {
        this.waiting.shift()?.();
        // The released piece runs before this continues.
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
