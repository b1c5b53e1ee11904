import type { OsrfMessage } from '../../shared/osrf/message.ts';
import type { Exchange } from './exchange.ts';

/** What one client says on one thread: OpenSRF's session. */
export class Conversation {
  readonly client: string;
  readonly thread: string;
  /** The service it is with; in a connected session that is not in the address any more. */
  service: string;
  /** Whether a worker has taken the session. */
  connected = false;
  private open: readonly Exchange[] = [];

  constructor(client: string, thread: string, service: string) {
    this.client = client;
    this.thread = thread;
    this.service = service;
  }

  /** Whether nothing more is to come on the thread. */
  get over(): boolean {
    return this.open.length === 0 && !this.connected;
  }

  /** Those without a whole answer, oldest first. */
  exchanges(): readonly Exchange[] {
    return this.open;
  }

  get(threadTrace: string, type: Exchange['type']): Exchange | undefined {
    return this.open.find((exchange) => exchange.threadTrace === threadTrace && exchange.type === type);
  }

  /** Which one a RESULT or STATUS is for. */
  waiting({ type, threadTrace }: OsrfMessage, statusCode: number): Exchange | undefined {
    const connect = type === 'STATUS' && statusCode !== 205 ? this.get(threadTrace, 'CONNECT') : undefined;
    const named = connect ?? this.get(threadTrace, 'REQUEST');
    if (named !== undefined) return named;
    // A listener whose backlog is full always says "request 1", whichever it refuses.
    return statusCode === 503 && this.open.length === 1 ? this.open[0] : undefined;
  }

  add(exchange: Exchange): void {
    this.open = [...this.open, exchange];
  }

  remove(exchange: Exchange): void {
    this.open = this.open.filter((one) => one !== exchange);
  }
}
