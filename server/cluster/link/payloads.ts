import { isUtf8 } from 'node:buffer';
import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../kernel/log.ts';

/** NATS accepts no more by default. */
const MOST_BYTES = 1_048_576;
/** The interval in which garbage is logged once. */
const LOG_MS = 60_000;

/** Reads the payloads of messages, and counts those that are garbage. */
export class Payloads {
  /** The number of messages that could not be read. */
  garbage = 0;
  private readonly clock: Pick<Clock, 'now'>;
  private readonly log: Log;
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, 'now'>, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** The text of a payload; `''` if it has none. */
  textOf(payload: Uint8Array): string {
    if (payload.length > MOST_BYTES || !isUtf8(payload)) return '';
    return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString();
  }

  /** @param kind The message that it should have been. */
  ignore(kind: 'beat' | 'packet'): void {
    this.garbage++;
    const now = this.clock.now();
    if (now - this.loggedAt < LOG_MS) return;
    this.loggedAt = now;
    this.log.warn({ kind, count: this.garbage }, 'message ignored that no member has written');
  }
}
