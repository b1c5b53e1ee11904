import type { Clock } from '../../shared/clock.ts';
import type { RouterOptions } from '../ports/options.ts';
import type { Ledger } from './ledger.ts';
import type { RoutedRequest } from './routed-request.ts';

/** A request that outlived so many listeners more than its first is not handed to another: it may be what ended them. */
const MAX_REROUTES = 2;

/** Settles the requests that were written to a listener whose session ended before anybody answered. */
export class LostRequests {
  private readonly options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>;
  private readonly clock: Clock;
  private readonly ledger: Ledger;

  constructor(options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>, clock: Clock, ledger: Ledger) {
    this.options = options;
    this.clock = clock;
    this.ledger = ledger;
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
      // A worker that has begun to answer goes on without its listener.
      for (const request of requests) if (request.worker === 0 && this.ledger.take(request.number) !== null) this.settle(request);
    });
  }

  /** The worker that was answering has ended: no other one goes on, and to begin anew could do twice what was half done. */
  refuse(requests: readonly RoutedRequest[]): void {
    for (const request of requests) {
      if (this.ledger.take(request.number) !== null && this.options.onListenerLoss !== 'ignore') request.handler.refuseLost(request);
    }
  }

  private settle(request: RoutedRequest): void {
    if (this.options.onListenerLoss === 'reroute' && request.losses < MAX_REROUTES) request.handler.reroute(request);
    else request.handler.refuseLost(request);
  }
}
