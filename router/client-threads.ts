import { detached } from '../shared/detach.ts';
import type { DeliveryObserver, Stanza } from '../shared/stanza.ts';
import { messageNumbers, type RoutedRequest, threadKey } from './routed-request.ts';

/** Told of each request whose answer the client was handed. */
export interface AnswerObserver {
  close(request: RoutedRequest): void;
}

/** The open requests of one client by thread. Nearly always it is one; a {@link SharedThread} stands where there are more. */
export class ClientThreads implements DeliveryObserver {
  private readonly observer: AnswerObserver;
  private readonly byThread = new Map<string, RoutedRequest | SharedThread>();

  constructor(observer: AnswerObserver) {
    this.observer = observer;
  }

  add(request: RoutedRequest): void {
    const waiting = this.byThread.get(request.key);
    if (waiting === undefined) this.byThread.set(request.key, request);
    else if (waiting instanceof SharedThread) waiting.add(request);
    else this.byThread.set(request.key, new SharedThread(waiting, request));
  }

  remove(request: RoutedRequest): void {
    const waiting = this.byThread.get(request.key);
    if (waiting instanceof SharedThread) {
      waiting.remove(request);
      if (waiting.size > 0) return;
    }
    this.byThread.delete(request.key);
  }

  /** Exchanges the key of a request for a copy. */
  detach(request: RoutedRequest): void {
    const waiting = this.byThread.get(request.key);
    if (waiting === undefined) return;
    this.byThread.delete(request.key);
    request.key = detached(request.key);
    this.byThread.set(request.key, waiting);
  }

  all(): RoutedRequest[] {
    return [...this.byThread.values()].flatMap((waiting) => (waiting instanceof SharedThread ? waiting.all() : [waiting]));
  }

  delivered(stanza: Stanza): void {
    // What the router forwards is a request to this session, not an answer.
    if (this.byThread.size === 0 || stanza.forwarder !== null) return;
    const key = threadKey(stanza);
    const waiting = this.byThread.get(key);
    if (waiting === undefined) return;
    if (waiting instanceof SharedThread) {
      for (const request of waiting.answeredBy(stanza)) {
        this.remove(request);
        this.observer.close(request);
      }
      return;
    }
    this.byThread.delete(key);
    this.observer.close(waiting);
  }
}

/**
 * Several requests that wait on one thread, by the numbers of their messages (threadTrace). There may be any number of them, so no answer looks at all:
 * a request is looked into once, when the first answer comes.
 */
class SharedThread {
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
