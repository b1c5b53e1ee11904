import type { Limits } from '../config/limits.ts';

/** The limits of an outbox. */
export type OutboxLimits = Pick<Limits, 'outboxBytes' | 'stalledAfterMs' | 'stalledBytes' | 'backlogBytes'>;

/** The state of an outbox. */
export interface Backlog {
  /** The approximate number of unread bytes. */
  readonly length: number;
  /** The time since which the peer has read nothing, in monotonic milliseconds; 0 while it reads. */
  readonly blockedSince: number;
}

/** The factor by which a burst may exceed the limit for a moment. */
const OVERFLOW_FACTOR = 4;

/** Whether the peer has read nothing for too long. */
export function isStalled({ length, blockedSince }: Backlog, { stalledBytes, stalledAfterMs }: OutboxLimits, now: number): boolean {
  return blockedSince !== 0 && (length > stalledBytes || now - blockedSince > stalledAfterMs);
}

/**
 * Whether to close the peer as a slow reader. A burst alone is no reason: all stanzas of a closed peer may bounce to one sender at once. So the outbox may exceed
 * the limit until the peer counts as stalled, unless it exceeds a multiple of the limit.
 */
export function overflows({ length, blockedSince }: Backlog, { outboxBytes, stalledAfterMs }: OutboxLimits, now: number): boolean {
  if (length <= outboxBytes) return false;
  return length > OVERFLOW_FACTOR * outboxBytes || (blockedSince !== 0 && now - blockedSince >= stalledAfterMs);
}
