import { setImmediate as turn } from 'node:timers/promises';

/**
 * The rounds of the event loop, with a pause before each, after which a test without an event gives up. Rounds instead of a deadline: server and
 * test share the loop, so the server reads all arrived input in each of them, however slow the machine is.
 */
const ROUNDS = 200;
const PAUSE_MS = 50;

/** The number of first rounds without a pause: most events are there at once. */
const PROMPT_ROUNDS = 100;

/** Calls back after each round, until the returned function is called. */
export type Pace = (turned: () => void) => () => void;

const BY_OWN_LOOP: Pace = (turned) => {
  const timer = setInterval(turned, PAUSE_MS);
  return () => clearInterval(timer);
};

/** The pace of a server in another process. @param ask Returns when that server has answered, after a round of its loop. */
export function byAnswersOf(ask: () => Promise<unknown>): Pace {
  return (turned) => {
    let state: 'asking' | 'over' = 'asking';
    const go = async () => {
      for (await pause(); state === 'asking'; await pause()) await ask().then(turned);
    };
    go().catch(() => {});
    return () => {
      state = 'over';
    };
  };
}

/** The events of one peer, and the one test that may wait for them. */
export class Events {
  private readonly pace: Pace;
  private wake: () => void = () => {};

  constructor(pace: Pace = BY_OWN_LOOP) {
    this.pace = pace;
  }

  /** Wakes the waiting test. */
  happened(): void {
    this.wake();
  }

  /**
   * Waits until events have made the condition true.
   * @param isOver Whether no further event can come.
   * @throws Error with the problem if the condition stays false.
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
        stop();
        resolve(happened);
      };
      const stop = this.pace(() => {
        if (++rounds === ROUNDS) end(false);
      });
      this.wake = () => end(true);
    });
  }
}

/** Waits for a condition without an event. @throws if it stays false. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let round = 0; !condition(); round++) {
    if (round === PROMPT_ROUNDS + ROUNDS) throw new Error(`did not happen: ${what}`);
    await (round < PROMPT_ROUNDS ? turn() : pause());
  }
}

/** Not by `setTimeout`: a test may have replaced it. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      clearInterval(timer);
      resolve();
    }, PAUSE_MS);
  });
}
