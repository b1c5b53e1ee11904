import type { Guard, Guards } from './guard.ts';

/** Any number of functions that are called together. One that throws keeps no other from being called. */
export class Watchers<Args extends readonly unknown[]> {
  private readonly guards: Guards;
  private readonly name: string;
  private readonly watchers = new Map<(...args: Args) => void, Guard>();

  /** @param name What each of them is, for the log. */
  constructor(guards: Guards, name: string) {
    this.guards = guards;
    this.name = name;
  }

  get size(): number {
    return this.watchers.size;
  }

  /** Calls it from now on. @param takenOut Called when the guard removes it for repeated failures. @returns what ends that. */
  add(watcher: (...args: Args) => void, takenOut: () => void = () => {}): () => void {
    // A watcher of its own, so that the same function may be added twice.
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
