import * as timers from 'node:timers';
import { clearInterval, setInterval } from './native.ts';

/** Milliseconds between two looks. */
const LOOK_MS = 5;

/** Whether this code runs in the realm of Node's own modules, and not in a context of Jest or Vitest, whose `process` Node's sockets do not use. */
const ofNode = timers.setInterval instanceof Function;

/**
 * Runs the calls that a fake `process.nextTick` of Sinon holds back: Node's sockets rely on it for every event. The fake clock stands still.
 */
export class HeldTicks {
  private readonly timer = setInterval(run, LOOK_MS);

  /** Keeps the process alive while sockets open or close. */
  ref(): void {
    this.timer.ref();
  }

  /** Lets the process end. */
  unref(): void {
    this.timer.unref();
  }

  /** Looks no more. */
  stop(): void {
    clearInterval(this.timer);
  }
}

function run(): void {
  if (!ofNode) return;
  const { clock } = process.nextTick as { clock?: { runMicrotasks?(): void } };
  clock?.runMicrotasks?.();
}
