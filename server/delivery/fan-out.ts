import type { Endpoint } from '../../shared/endpoint.ts';
import type { Stanza } from '../../shared/stanza.ts';

/** Bounds on the copies of one stanza. */
export interface FanOutLimits {
  /** The most copies. */
  readonly stanzaCopies: number;
  /** Their total memory, in bytes. */
  readonly stanzaCopyBytes: number;
}

/** Whether a stanza may be copied to this many receivers. */
export function mayFanOut(stanza: Stanza, receivers: number, { stanzaCopies, stanzaCopyBytes }: FanOutLimits): boolean {
  return receivers <= 1 || (receivers <= stanzaCopies && receivers * stanza.cost <= stanzaCopyBytes);
}

/** Delivers a copy of a stanza to each receiver. */
export function fanOut(stanza: Stanza, receivers: readonly Endpoint[]): void {
  for (const receiver of receivers) receiver.deliver(stanza.copy());
}
