import type { Exchange } from './exchange.ts';

/** How many open exchanges are followed (and as many sessions that workers have taken), and how much of what was said in them is kept. Beyond that, the oldest is forgotten. */
export interface ExchangeLimits {
  readonly exchanges: number;
  readonly characters: number;
}

/** The exchanges that are under way, so many at the most. */
export class OpenExchanges {
  private readonly limits: ExchangeLimits;
  private readonly forget: (exchange: Exchange) => void;
  /** In the order in which they began. */
  private readonly exchanges = new Set<Exchange>();
  private characters = 0;

  /** @param forget Ends the oldest, because there are too many; it is to be removed here. */
  constructor(limits: ExchangeLimits, forget: (exchange: Exchange) => void) {
    this.limits = limits;
    this.forget = forget;
  }

  get size(): number {
    return this.exchanges.size;
  }

  all(): Exchange[] {
    return [...this.exchanges];
  }

  add(exchange: Exchange): void {
    this.exchanges.add(exchange);
    this.characters += exchange.length;
    this.forgetOldest();
  }

  /** More was said in one of them. */
  grown(exchange: Exchange, characters: number): void {
    exchange.length += characters;
    this.characters += characters;
    this.forgetOldest();
  }

  remove(exchange: Exchange): void {
    if (this.exchanges.delete(exchange)) this.characters -= exchange.length;
  }

  private forgetOldest(): void {
    for (const oldest of this.exchanges) {
      if (this.exchanges.size <= this.limits.exchanges && this.characters <= this.limits.characters) return;
      this.forget(oldest);
    }
  }
}
