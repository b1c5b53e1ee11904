/** Any number of functions that are called together. */
export class Watchers<Args extends readonly unknown[]> {
  private readonly watchers = new Set<(...args: Args) => void>();

  /** Calls it from now on. @returns what ends that. */
  add(watcher: (...args: Args) => void): () => void {
    // A watcher of its own, so that the same function may be added twice.
    const own = (...args: Args): void => watcher(...args);
    this.watchers.add(own);
    return () => void this.watchers.delete(own);
  }

  call(...args: Args): void {
    for (const watcher of this.watchers) watcher(...args);
  }
}
