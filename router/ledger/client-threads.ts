import { detached } from '../../shared/detach.ts';
import { SERVER_ORIGIN } from '../../shared/origin.ts';
import { BOUNCES, type Stanza } from '../../shared/stanza.ts';
import type { DeliveryObserver } from '../ports/environment.ts';
import { mayReportFailure, threadKey } from './message-text.ts';
import { OpenThreads } from './open-threads.ts';
import type { ClientRequests, RoutedRequest } from './routed-request.ts';
import { SharedThread } from './shared-thread.ts';

/** Observes the answers to a client. */
export interface AnswerObserver {
  /** A session sent a part of the answer, and more follows. */
  partlyAnswered(request: RoutedRequest, worker: number): void;
  /** The answer is complete. */
  answered(request: RoutedRequest): void;
  /** A session sent a message that answers no open request, and may report a failure. */
  failedInSession(answer: Stanza): void;
}

/** The open requests of one client by thread: usually one, otherwise a {@link SharedThread}. */
export class ClientThreads implements ClientRequests, DeliveryObserver {
  private readonly observer: AnswerObserver;
  private readonly byThread = new OpenThreads();
  /** The oldest open request. */
  oldest: RoutedRequest | null = null;
  private newest: RoutedRequest | null = null;
  size = 0;

  constructor(observer: AnswerObserver) {
    this.observer = observer;
  }

  add(request: RoutedRequest): void {
    this.size++;
    request.olderOfClient = this.newest;
    if (this.newest === null) this.oldest = request;
    else this.newest.newerOfClient = request;
    this.newest = request;
    const waiting = this.byThread.get(request.key);
    if (waiting === undefined) this.byThread.set(request.key, request);
    else if (waiting instanceof SharedThread) waiting.add(request);
    else this.byThread.set(request.key, new SharedThread(waiting, request));
  }

  remove(request: RoutedRequest): void {
    this.unlink(request);
    const waiting = this.byThread.get(request.key);
    if (waiting instanceof SharedThread) {
      waiting.remove(request);
      if (waiting.size > 0) return;
    }
    this.byThread.delete(request.key);
  }

  detach(request: RoutedRequest): void {
    const waiting = this.byThread.get(request.key);
    if (waiting === undefined) return;
    this.byThread.delete(request.key);
    request.key = detached(request.key);
    this.byThread.set(request.key, waiting);
  }

  delivered(stanza: Stanza): void {
    // A forwarded request is not an answer, and a bounce concerns a stanza of the client itself.
    if (stanza.returnPath !== BOUNCES || stanza.type === 'error') return;
    const waiting = this.byThread.size === 0 ? undefined : this.byThread.get(threadKey(stanza));
    if (waiting === undefined) this.answeredInSession(stanza);
    else if (waiting instanceof SharedThread) for (const request of waiting.answeredBy(stanza)) this.answered(request, stanza);
    else if (waiting.isAnsweredBy(stanza)) this.answered(waiting, stanza);
  }

  /** The server's own refusals have been reported. */
  private answeredInSession(stanza: Stanza): void {
    if (stanza.origin.session !== SERVER_ORIGIN.session && mayReportFailure(stanza)) this.observer.failedInSession(stanza);
  }

  private unlink(request: RoutedRequest): void {
    const { olderOfClient: older, newerOfClient: newer } = request;
    this.size--;
    if (older === null) this.oldest = newer;
    else older.newerOfClient = newer;
    if (newer === null) this.newest = older;
    else newer.olderOfClient = older;
    request.olderOfClient = null;
    request.newerOfClient = null;
  }

  private answered(request: RoutedRequest, stanza: Stanza): void {
    if (!request.takeAnswer(stanza)) {
      this.observer.partlyAnswered(request, stanza.origin.session);
      return;
    }
    this.remove(request);
    this.observer.answered(request);
    if (request.failed) request.handler.failed(request, stanza);
  }
}
