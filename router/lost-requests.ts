import type { Clock } from '../shared/clock.ts';
import type { Stanza } from '../shared/stanza.ts';
import type { RouterOptions } from './options.ts';
import { listenerLost, type Refusal } from './refusal.ts';
import type { RoutedRequest } from './routed-request.ts';
import type { UnansweredRequests } from './unanswered.ts';

/** A request that outlived so many listeners more than its first is not handed to another: it may be what ended them. */
const MAX_REROUTES = 2;

/** What becomes of requests that were written to a listener whose session ended before anybody answered. */
export class LostRequests {
  private readonly options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>;
  private readonly clock: Clock;
  private readonly unanswered: UnansweredRequests;
  private readonly refuse: (request: Stanza, refusal: Refusal) => void;

  constructor(
    options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>,
    clock: Clock,
    unanswered: UnansweredRequests,
    refuse: (request: Stanza, refusal: Refusal) => void,
  ) {
    this.options = options;
    this.clock = clock;
    this.unanswered = unanswered;
    this.refuse = refuse;
  }

  /** Gives workers the grace to answer for a lost listener, then acts by the policy on what is open still. */
  settleLater(requests: readonly RoutedRequest[]): void {
    const { onListenerLoss, lossGraceMs } = this.options;
    if (requests.length === 0) return;
    if (onListenerLoss === 'ignore') {
      for (const request of requests) this.unanswered.remove(request);
      return;
    }
    this.clock.after(lossGraceMs, () => {
      for (const request of requests) if (request.open) this.settle(request);
    });
  }

  private settle(request: RoutedRequest): void {
    if (this.options.onListenerLoss === 'reroute' && request.losses < MAX_REROUTES) {
      request.losses++;
      request.owner.unsent(request);
      return;
    }
    this.unanswered.remove(request);
    this.refuse(request.original, listenerLost(request.owner.name));
  }
}
