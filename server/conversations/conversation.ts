import type { SkimmedMessage } from '../../shared/osrf/skimmed-message.ts';
import type { Exchange } from './exchange.ts';

/** A client's messages on one thread: OpenSRF's session. */
export class Conversation {
  readonly client: string;
  readonly thread: string;
  /** Its service, which the address of a connected session no longer shows. */
  service: string;
  /** Whether it is connected to a worker. */
  connected = false;
  /** The open exchanges, oldest first, by type and number. */
  private readonly open = new Map<string, Exchange>();

  constructor(client: string, thread: string, service: string) {
    this.client = client;
    this.thread = thread;
    this.service = service;
  }

  /** Whether the thread is finished. */
  get over(): boolean {
    return this.open.size === 0 && !this.connected;
  }

  /** The number of open exchanges. */
  get size(): number {
    return this.open.size;
  }

  /** The exchanges without a complete answer, oldest first. */
  exchanges(): Exchange[] {
    return [...this.open.values()];
  }

  get(threadTrace: string, type: Exchange['type']): Exchange | undefined {
    return this.open.get(keyOf(threadTrace, type));
  }

  /** The exchanges with these numbers, each once, in the order of the numbers. */
  withNumbers(numbers: Iterable<string>): Exchange[] {
    const found = new Set<Exchange>();
    for (const number of numbers) {
      for (const type of ['REQUEST', 'CONNECT'] as const) {
        const exchange = this.get(number, type);
        if (exchange !== undefined) found.add(exchange);
      }
    }
    return [...found];
  }

  /** The exchange of a RESULT or STATUS. */
  waiting({ type, threadTrace, statusCode }: SkimmedMessage): Exchange | undefined {
    const connect = type === 'STATUS' && statusCode !== 205 ? this.get(threadTrace, 'CONNECT') : undefined;
    const named = connect ?? this.get(threadTrace, 'REQUEST');
    if (named !== undefined) return named;
    // A listener with a full backlog always names request 1, regardless of the refused request.
    return statusCode === 503 && this.open.size === 1 ? this.exchanges()[0] : undefined;
  }

  add(exchange: Exchange): void {
    this.open.set(keyOf(exchange.threadTrace, exchange.type), exchange);
  }

  remove(exchange: Exchange): void {
    const key = keyOf(exchange.threadTrace, exchange.type);
    if (this.open.get(key) === exchange) this.open.delete(key);
  }
}

function keyOf(threadTrace: string, type: Exchange['type']): string {
  return `${type} ${threadTrace}`;
}
