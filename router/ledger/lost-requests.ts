import type { Clock } from '../../shared/clock.ts';
import type { RouterOptions } from '../ports/options.ts';
import type { Ledger } from './ledger.ts';
import type { RoutedRequest } from './routed-request.ts';

/** A request that outlived so many listeners more than its first is not handed to another: it may be what ended them. */
const MAX_REROUTES = 2;

/** What becomes of a request whose listener is lost. */
export interface LossHandler {
  /** Hands it to another listener, for which it counts as lost once more. */
  reroute(request: RoutedRequest): void;
  /** Answers its client that the listener is lost. */
  refuseLost(request: RoutedRequest): void;
}

/** Settles the requests that were written to a listener whose session ended before anybody answered. */
export class LostRequests {
  private readonly options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>;
  private readonly clock: Clock;
  private readonly ledger: Ledger;
  private readonly handler: LossHandler;

  constructor(options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>, clock: Clock, ledger: Ledger, handler: LossHandler) {
    this.options = options;
    this.clock = clock;
    this.ledger = ledger;
    this.handler = handler;
  }

  /** Gives workers the grace to answer for a lost listener, then acts by the policy on what is open still. */
  settleLater(requests: readonly RoutedRequest[]): void {
    const { onListenerLoss, lossGraceMs } = this.options;
    if (requests.length === 0) return;
    if (onListenerLoss === 'ignore') {
      for (const request of requests) this.ledger.take(request.number);
      return;
    }
    this.clock.after(lossGraceMs, () => {
      for (const request of requests) if (this.ledger.take(request.number) !== null) this.settle(request);
    });
  }

  private settle(request: RoutedRequest): void {
    if (this.options.onListenerLoss === 'reroute' && request.losses < MAX_REROUTES) this.handler.reroute(request);
    else this.handler.refuseLost(request);
  }
}
