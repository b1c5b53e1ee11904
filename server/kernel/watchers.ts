import type { Guard, Guards } from './guard.ts';

/** A set of functions that are called together, each behind a guard. */
export class Watchers<Args extends readonly unknown[]> {
  private readonly guards: Guards;
  private readonly name: string;
  private readonly watchers = new Map<(...args: Args) => void, Guard>();

  /** @param name Their common name, for the log. */
  constructor(guards: Guards, name: string) {
    this.guards = guards;
    this.name = name;
  }

  get size(): number {
    return this.watchers.size;
  }

  /** Adds a watcher. @param takenOut Called when the guard removes it for repeated failures. @returns A function that removes it. */
  add(watcher: (...args: Args) => void, takenOut: () => void = () => {}): () => void {
    // A new function, so that the same watcher may be added twice.
    const own = (...args: Args): void => watcher(...args);
    const end = (): void => void this.watchers.delete(own);
    const guard = this.guards.create(this.name, () => {
      end();
      takenOut();
    });
    this.watchers.set(own, guard);
    return end;
  }

  call(...args: Args): void {
    for (const [watcher, guard] of this.watchers) guard.run(() => watcher(...args));
  }
}
