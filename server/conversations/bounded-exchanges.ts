import type { Limits } from '../config/limits.ts';
import type { Exchange } from './exchange.ts';

/** How many exchanges are kept, and how much for all of them. Beyond that, the oldest is forgotten. */
export interface ExchangeLimits {
  readonly exchanges: number;
  readonly bytes: number;
}

/** For those that have no whole answer yet; so many sessions that workers have taken are followed too. */
export function followedLimits({ followedRequests, followedBytes }: Limits): ExchangeLimits {
  return { exchanges: followedRequests, bytes: followedBytes };
}

/** Exchanges in the order in which they began, within bounds of number and bytes. */
export class BoundedExchanges {
  private readonly limits: ExchangeLimits;
  private readonly forget: (exchange: Exchange) => void;
  /** With the bytes that were counted for each. */
  private readonly exchanges = new Map<Exchange, number>();
  private bytes = 0;

  /** @param forget Ends the oldest, because there are too many; it is to be removed here. */
  constructor(limits: ExchangeLimits, forget: (exchange: Exchange) => void) {
    this.limits = limits;
    this.forget = forget;
  }

  get size(): number {
    return this.exchanges.size;
  }

  all(): Exchange[] {
    return [...this.exchanges.keys()];
  }

  has(exchange: Exchange): boolean {
    return this.exchanges.has(exchange);
  }

  add(exchange: Exchange): void {
    this.exchanges.set(exchange, 0);
    this.grown(exchange);
  }

  /** More is kept for one of them. */
  grown(exchange: Exchange): void {
    const counted = this.exchanges.get(exchange);
    if (counted === undefined) return;
    this.exchanges.set(exchange, exchange.bytes);
    this.bytes += exchange.bytes - counted;
    this.forgetOldest();
  }

  remove(exchange: Exchange): void {
    this.bytes -= this.exchanges.get(exchange) ?? 0;
    this.exchanges.delete(exchange);
  }

  clear(): void {
    this.exchanges.clear();
    this.bytes = 0;
  }

  private forgetOldest(): void {
    for (const oldest of this.exchanges.keys()) {
      if (this.exchanges.size <= this.limits.exchanges && this.bytes <= this.limits.bytes) return;
      this.forget(oldest);
    }
  }
}
