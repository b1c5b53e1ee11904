import type { ExchangeLimits } from '../../conversations/bounded-exchanges.ts';
import type { ServerClock } from '../../kernel/clock.ts';
import type { Guards } from '../../kernel/guard.ts';
import type { LogProtect } from '../../logging/log-protect.ts';
import type { StruckRequest } from '../../sessions/injected-faults.ts';
import type { Tap } from '../../sessions/taps.ts';

/** The parts of the server that tracing needs. */
export interface TracedServer {
  readonly clock: ServerClock;
  readonly guards: Guards;
  watch(tap: Tap): () => void;
  /** The stanzas from all sessions so far. */
  stanzasRead(): number;
  /** The requests that the routers have handed to listeners so far. */
  requestsRouted(): number;
  /** Bare JIDs, `router@DOMAIN`. */
  readonly routers: ReadonlySet<string>;
  /** The limits of followed exchanges. */
  readonly limits: ExchangeLimits;
  /** The current `log_protect`. */
  protect(): LogProtect;
  /** The name of the fault injected into a request or its answer, returned once; `''`: none. */
  faultOf(request: StruckRequest): string;
}
