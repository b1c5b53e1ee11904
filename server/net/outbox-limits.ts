import type { Limits } from '../config/limits.ts';

/** The limits on what waits for a peer. */
export type OutboxLimits = Pick<Limits, 'outboxBytes' | 'stalledAfterMs' | 'stalledBytes' | 'backlogBytes'>;

/** How much waits for a peer, and since when it has taken nothing. */
export interface Backlog {
  /** About how many bytes wait. */
  readonly length: number;
  /** Monotonic milliseconds; 0 while the peer takes all. */
  readonly blockedSince: number;
}

/** How many times the limit may wait for a peer for a moment. */
const OVERFLOW_FACTOR = 4;

/** Whether the peer has taken nothing for longer than a busy one may. */
export function isStalled({ length, blockedSince }: Backlog, { stalledBytes, stalledAfterMs }: OutboxLimits, now: number): boolean {
  return blockedSince !== 0 && (length > stalledBytes || now - blockedSince > stalledAfterMs);
}

/**
 * Whether the peer is to be closed as a slow reader. A burst is no proof of one: all that waited for a closed peer may come back to its sender at once. So too much may
 * wait for as long as a busy peer may take, unless it is many times too much.
 */
export function overflows({ length, blockedSince }: Backlog, { outboxBytes, stalledAfterMs }: OutboxLimits, now: number): boolean {
  if (length <= outboxBytes) return false;
  return length > OVERFLOW_FACTOR * outboxBytes || (blockedSince !== 0 && now - blockedSince >= stalledAfterMs);
}
