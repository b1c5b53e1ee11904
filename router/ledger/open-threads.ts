import type { RoutedRequest } from './routed-request.ts';
import type { SharedThread } from './shared-thread.ts';

/** The most threads in a list; few clients have more open requests. */
const FEW = 16;

/**
 * What is open on each thread of a client.
 *
 * A list as long as it is short: a Map with changing entries replaces its table again and again, and a table that has once grown old keeps all later ones,
 * with requests and input, until a full garbage collection. With listeners that take milliseconds to answer, two thirds of all input survived (Node 20.20).
 */
export class OpenThreads {
  private readonly keys: string[] = [];
  private readonly values: (RoutedRequest | SharedThread)[] = [];
  /** All of them, since there were more than {@link FEW}, until there is none. */
  private many: Map<string, RoutedRequest | SharedThread> | null = null;

  get size(): number {
    return this.many === null ? this.keys.length : this.many.size;
  }

  get(key: string): RoutedRequest | SharedThread | undefined {
    if (this.many !== null) return this.many.get(key);
    const index = this.keys.indexOf(key);
    return index === -1 ? undefined : this.values[index];
  }

  set(key: string, value: RoutedRequest | SharedThread): void {
    if (this.many !== null) {
      this.many.set(key, value);
      return;
    }
    const index = this.keys.indexOf(key);
    if (index !== -1) {
      this.values[index] = value;
      return;
    }
    this.keys.push(key);
    this.values.push(value);
    if (this.keys.length > FEW) this.useMap();
  }

  delete(key: string): void {
    if (this.many !== null) {
      this.many.delete(key);
      if (this.many.size === 0) this.many = null;
      return;
    }
    const index = this.keys.indexOf(key);
    if (index === -1) return;
    const lastKey = this.keys.pop() as string;
    const lastValue = this.values.pop() as RoutedRequest | SharedThread;
    if (index === this.keys.length) return;
    this.keys[index] = lastKey;
    this.values[index] = lastValue;
  }

  private useMap(): void {
    this.many = new Map(this.keys.map((key, index) => [key, this.values[index] as RoutedRequest | SharedThread]));
    this.keys.length = 0;
    this.values.length = 0;
  }
}
