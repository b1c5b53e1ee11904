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
  /** Whether an open exchange of it was forgotten: answers may come to requests that are no longer known. */
  hasForgotten = false;
  /** The open exchange of a conversation that never had several at once, as most: a map costs more than all else of it. */
  private only: Exchange | null = null;
  /** The open exchanges of others, oldest first, by type and number. */
  private several: Map<string, Exchange> | null = null;

  constructor(client: string, thread: string, service: string) {
    this.client = client;
    this.thread = thread;
    this.service = service;
  }

  /** Whether the thread is finished. */
  get over(): boolean {
    return this.size === 0 && !this.connected;
  }

  /** The number of open exchanges. */
  get size(): number {
    if (this.several !== null) return this.several.size;
    return this.only === null ? 0 : 1;
  }

  /** The exchanges without a complete answer, oldest first. */
  exchanges(): Exchange[] {
    if (this.several !== null) return [...this.several.values()];
    return this.only === null ? [] : [this.only];
  }

  get(threadTrace: string, type: Exchange['type']): Exchange | undefined {
    const { only, several } = this;
    if (several !== null) return several.get(keyOf(threadTrace, type));
    return only !== null && only.threadTrace === threadTrace && only.type === type ? only : undefined;
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
    return statusCode === 503 && this.size === 1 ? this.exchanges()[0] : undefined;
  }

  add(exchange: Exchange): void {
    const { only } = this;
    if (this.several === null && only === null) {
      this.only = exchange;
      return;
    }
    this.several ??= new Map();
    if (only !== null) this.several.set(keyOf(only.threadTrace, only.type), only);
    this.only = null;
    this.several.set(keyOf(exchange.threadTrace, exchange.type), exchange);
  }

  remove(exchange: Exchange): void {
    const { threadTrace, type } = exchange;
    if (this.get(threadTrace, type) !== exchange) return;
    this.only = null;
    this.several?.delete(keyOf(threadTrace, type));
  }
}

function keyOf(threadTrace: string, type: Exchange['type']): string {
  return `${type} ${threadTrace}`;
}
