import type { Stanza } from '../../shared/stanza.ts';
import { messageNumbers, type RoutedRequest } from './routed-request.ts';

/**
 * Several requests that wait on one thread, by the numbers of their messages (threadTrace). There may be any number of them, so no answer looks at all:
 * a request is looked into once, when the first answer comes.
 */
export class SharedThread {
  private readonly requests: Set<RoutedRequest>;
  private readonly unread: Set<RoutedRequest>;
  private readonly byNumber = new Map<string, Set<RoutedRequest>>();

  constructor(...requests: RoutedRequest[]) {
    this.requests = new Set(requests);
    this.unread = new Set(requests);
  }

  get size(): number {
    return this.requests.size;
  }

  add(request: RoutedRequest): void {
    this.requests.add(request);
    this.unread.add(request);
  }

  remove(request: RoutedRequest): void {
    this.requests.delete(request);
    if (this.unread.delete(request)) return;
    for (const number of messageNumbers(request.original)) this.removeNumber(number, request);
  }

  all(): RoutedRequest[] {
    return [...this.requests];
  }

  /** Those whose number the answer repeats; all of them where it repeats none. */
  answeredBy(answer: Stanza): RoutedRequest[] {
    this.readAll();
    const found = new Set<RoutedRequest>();
    for (const number of messageNumbers(answer)) for (const request of this.byNumber.get(number) ?? []) found.add(request);
    return found.size === 0 ? this.all() : [...found];
  }

  private readAll(): void {
    for (const request of this.unread) this.read(request);
    this.unread.clear();
  }

  private read(request: RoutedRequest): void {
    for (const number of messageNumbers(request.original)) {
      const same = this.byNumber.get(number);
      if (same === undefined) this.byNumber.set(number, new Set([request]));
      else same.add(request);
    }
  }

  private removeNumber(number: string, request: RoutedRequest): void {
    const same = this.byNumber.get(number);
    if (same?.delete(request) === true && same.size === 0) this.byNumber.delete(number);
  }
}
