import type { Stanza } from '../../shared/stanza.ts';
import { messageNumbers } from './message-text.ts';
import type { RoutedRequest } from './routed-request.ts';

/**
 * Several requests open on one thread, by the numbers of their messages (threadTrace). To keep answers cheap however many there are,
 * each request is parsed once, at the first answer.
 */
export class SharedThread {
  private readonly requests: Set<RoutedRequest>;
  private readonly unread: Set<RoutedRequest>;
  private readonly byNumber = new Map<string, Set<RoutedRequest>>();
  /** Requests without an OpenSRF message. */
  private readonly withoutNumber = new Set<RoutedRequest>();

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
    if (this.unread.delete(request) || this.withoutNumber.delete(request)) return;
    for (const number of messageNumbers(request.original)) this.removeNumber(number, request);
  }

  /** The requests whose number the answer repeats. An answer to a closed request matches none. */
  answeredBy(answer: Stanza): Set<RoutedRequest> {
    this.readAll();
    const found = new Set(this.withoutNumber);
    for (const number of messageNumbers(answer)) for (const request of this.byNumber.get(number) ?? []) found.add(request);
    return found;
  }

  private readAll(): void {
    for (const request of this.unread) this.read(request);
    this.unread.clear();
  }

  private read(request: RoutedRequest): void {
    const numbers = messageNumbers(request.original);
    if (numbers.size === 0) this.withoutNumber.add(request);
    for (const number of numbers) {
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
