import type { Endpoint } from '../../shared/endpoint.ts';
import type { Stanza } from '../../shared/stanza.ts';

/** Bounds on what one stanza may cause. */
export interface FanOutLimits {
  /** Copies for several receivers. */
  readonly stanzaCopies: number;
  /** The memory that they may take, in bytes. */
  readonly stanzaCopyBytes: number;
}

/** Whether a stanza may go to so many receivers. */
export function mayFanOut(stanza: Stanza, receivers: number, { stanzaCopies, stanzaCopyBytes }: FanOutLimits): boolean {
  return receivers <= 1 || (receivers <= stanzaCopies && receivers * stanza.cost <= stanzaCopyBytes);
}

/** Hands a stanza to receivers, a copy to each. */
export function fanOut(stanza: Stanza, receivers: readonly Endpoint[]): void {
  for (const receiver of receivers) receiver.deliver(stanza.copy());
}
