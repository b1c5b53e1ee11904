import type { Limits } from '../config/limits.ts';
import type { Exchange } from './exchange.ts';

/** The limits of kept exchanges: number and bytes. Beyond them the oldest is forgotten. */
export interface ExchangeLimits {
  readonly exchanges: number;
  readonly bytes: number;
}

/** The limits of open exchanges, and the number of sessions with a worker that are followed. */
export function followedLimits({ followedRequests, followedBytes }: Limits): ExchangeLimits {
  return { exchanges: followedRequests, bytes: followedBytes };
}

/** Exchanges in order of their start, within limits of number and bytes. */
export class BoundedExchanges {
  private readonly limits: ExchangeLimits;
  private readonly forget: (exchange: Exchange) => void;
  /** Each with the bytes counted for it. */
  private readonly exchanges = new Map<Exchange, number>();
  private bytes = 0;

  /** @param forget Ends the oldest one, to make room; the caller must remove it here. */
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

  /** Counts additional bytes for one of them. */
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
    if (this.fits) return;
    for (const oldest of this.exchanges.keys()) {
      this.forget(oldest);
      if (this.fits) return;
    }
  }

  private get fits(): boolean {
    return this.exchanges.size <= this.limits.exchanges && this.bytes <= this.limits.bytes;
  }
}
