import type { Job } from '../../shared/job.ts';
import type { ServiceNode } from '../pools/service-node.ts';
import type { RouterEnvironment } from '../ports/environment.ts';
import type { RouterOptions } from '../ports/options.ts';
import type { Ledger } from './ledger.ts';
import type { RoutedRequest } from './routed-request.ts';

/** The most reroutes of a request, which may itself be the cause of its listeners' crashes. */
const MAX_REROUTES = 2;

/** The rounds of the event loop in a grace period. */
const GRACE_ROUNDS = 5;

/** Settles the unanswered requests that were written to a lost listener. */
export class LostRequests {
  private readonly options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>;
  private readonly environment: Pick<RouterEnvironment, 'clock' | 'jobs'>;
  private readonly ledger: Ledger;
  /** The ends of grace periods, by number of the lost listener's session. */
  private readonly ends = new Map<number, number>();

  constructor(options: Pick<RouterOptions, 'onListenerLoss' | 'lossGraceMs'>, environment: Pick<RouterEnvironment, 'clock' | 'jobs'>, ledger: Ledger) {
    this.options = options;
    this.environment = environment;
    this.ledger = ledger;
  }

  /**
   * Lets workers answer during the grace period, then applies the policy to open requests.
   * @param nodes The lost listeners of one session, which get no more requests.
   * @param ms What remains of the grace period.
   */
  settleLater(nodes: readonly ServiceNode[], ms = this.options.lossGraceMs): void {
    const { jobs, clock } = this.environment;
    const [node] = nodes.filter(({ oldest }) => oldest !== null);
    if (node === undefined) return;
    if (this.options.onListenerLoss === 'ignore') {
      jobs.run(this.forgetAll(nodes));
      return;
    }
    this.ends.set(node.session, clock.now() + ms);
    this.afterGrace(GRACE_ROUNDS, ms, () => {
      this.ends.delete(node.session);
      jobs.run(this.settleAll(nodes));
    });
  }

  /** What remains of the grace periods, in milliseconds by number of session, for another process. */
  save(): [session: number, ms: number][] {
    const now = this.environment.clock.now();
    return Array.from(this.ends, ([session, end]) => [session, Math.max(0, end - now)]);
  }

  /** Acts by the policy on the requests of a listener that shows no sign of life. With the policy "ignore" its clients wait: it may answer still. */
  settleNow(node: ServiceNode): void {
    const newest = node.newest as RoutedRequest | null;
    // It may be handed requests again meanwhile, if there is no other listener.
    if (this.options.onListenerLoss !== 'ignore' && newest !== null) this.environment.jobs.run(this.settleAll([node], newest.number));
  }

  /** Refuses partly answered requests of a worker that has ended: executing them again could do their work twice. */
  refuseLater(requests: readonly RoutedRequest[]): void {
    if (requests.length > 0) this.environment.jobs.run(this.refuseAll(requests));
  }

  /** Counted in rounds of the event loop: if the server is delayed, or has more input than it reads in a turn, it reads pending answers first. */
  private afterGrace(rounds: number, ms: number, action: () => void): void {
    const { clock, jobs } = this.environment;
    if (rounds === 0) action();
    else clock.after(ms / GRACE_ROUNDS, () => jobs.afterOthers(() => this.afterGrace(rounds - 1, ms, action)));
  }

  /** @param last The number of the last request that is lost. */
  private *settleAll(nodes: readonly ServiceNode[], last = Number.POSITIVE_INFINITY): Job {
    for (const request of this.takeAll(nodes, last)) {
      this.settle(request);
      yield;
    }
  }

  private *forgetAll(nodes: readonly ServiceNode[]): Job {
    for (const _ of this.takeAll(nodes, Number.POSITIVE_INFINITY)) yield;
  }

  private *refuseAll(requests: readonly RoutedRequest[]): Job {
    for (const request of requests) {
      if (this.ledger.take(request.number) !== null && this.options.onListenerLoss !== 'ignore') request.handler.refuseLost(request);
      yield;
    }
  }

  /** Takes the unanswered requests of the nodes out of the ledger, in the order in which they were handed over. */
  private *takeAll(nodes: readonly ServiceNode[], last: number): Iterable<RoutedRequest> {
    // A worker that has begun to answer continues without its listener, so its requests have left the listener's list.
    for (let request = oldestOf(nodes); request !== null && request.number <= last; request = oldestOf(nodes)) {
      this.ledger.take(request.number);
      yield request;
    }
  }

  private settle(request: RoutedRequest): void {
    if (this.options.onListenerLoss === 'reroute' && request.losses < MAX_REROUTES) request.handler.reroute(request);
    else request.handler.refuseLost(request);
  }
}

/** The request that was handed over first to any of the nodes; null if there is none. */
function oldestOf(nodes: readonly ServiceNode[]): RoutedRequest | null {
  let oldest: RoutedRequest | null = null;
  for (const node of nodes) {
    const request = node.oldest as RoutedRequest | null;
    if (request !== null && (oldest === null || request.number < oldest.number)) oldest = request;
  }
  return oldest;
}
