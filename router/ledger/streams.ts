import type { RoutedRequest } from './routed-request.ts';

/** Requests that a worker has begun to answer, by the number of its session: if that ends, no other worker continues them. */
export class Streams {
  private readonly byWorker = new Map<number, Set<RoutedRequest>>();

  add(request: RoutedRequest): void {
    const requests = this.byWorker.get(request.worker);
    if (requests === undefined) this.byWorker.set(request.worker, new Set([request]));
    else requests.add(request);
  }

  remove(request: RoutedRequest): void {
    const requests = this.byWorker.get(request.worker);
    if (requests?.delete(request) === true && requests.size === 0) this.byWorker.delete(request.worker);
  }

  /** The requests of a worker, in the order in which it began to answer. */
  of(worker: number): RoutedRequest[] {
    return [...(this.byWorker.get(worker) ?? [])];
  }
}
