import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

/**
 * How many rounds of the event loop, with a pause before each, may pass without an event before a test gives up. Rounds and not a deadline: server and
 * test share the loop, so the server reads all that has arrived in each of them, however slow the machine is.
 */
const ROUNDS = 200;
const PAUSE_MS = 50;

/** How many rounds come without a pause first: most of what a test waits for is there at once. */
const PROMPT_ROUNDS = 100;

/** The events of one peer, and the one test that may wait for them. */
export class Events {
  private wake: () => void = () => {};

  /** Wakes the waiting test. */
  happened(): void {
    this.wake();
  }

  /**
   * Waits until events have made the condition true.
   * @param isOver Whether no further event can come.
   * @throws Error with the problem where the condition does not come true.
   */
  async until(condition: () => boolean, isOver: () => boolean, problem: () => string): Promise<void> {
    while (!condition()) {
      if (isOver() || !(await this.next())) throw new Error(problem());
    }
  }

  /** Whether there was an event within {@link ROUNDS}. */
  private next(): Promise<boolean> {
    return new Promise((resolve) => {
      let rounds = 0;
      const end = (happened: boolean) => {
        clearInterval(timer);
        resolve(happened);
      };
      const timer = setInterval(() => {
        if (++rounds === ROUNDS) end(false);
      }, PAUSE_MS);
      this.wake = () => end(true);
    });
  }
}

/** Waits for a condition that no event announces. @throws where it does not come true. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let round = 0; !condition(); round++) {
    if (round === PROMPT_ROUNDS + ROUNDS) throw new Error(`did not happen: ${what}`);
    await (round < PROMPT_ROUNDS ? turn() : pause(PAUSE_MS));
  }
}
