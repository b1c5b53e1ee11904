import { outcomeOf } from '../control/trace/outcome.ts';
import { detailOf, payloadsOf, summaryOf, type TraceEntry, type TraceStep } from '../control/trace/trace-entry.ts';
import type { Exchange } from '../conversations/exchange.ts';
import type { LogProtect } from '../logging/log-protect.ts';

/** What a report needs to know besides the requests. */
export interface Surroundings {
  /** Bare JIDs. */
  readonly routers: ReadonlySet<string>;
  readonly protect: LogProtect;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** The name of the fault that hit a request, or `''`. */
  faultOf(exchange: Exchange): string;
}

/** An exchange as the console shows it, redacted by `log_protect`. Its steps are those of which it has the time. */
export function entryOf(exchange: Exchange, { routers, protect, now, faultOf }: Surroundings): TraceEntry {
  const outcome = outcomeOf(exchange, routers);
  const { number: id, askedAt, endedAt } = exchange;
  const summary = summaryOf({ id, exchange, outcome, fault: faultOf(exchange), durationMs: endedAt - askedAt }, now);
  return { summary, detail: detailOf(exchange, stepsOf(exchange), 0, payloadsOf(exchange, protect)) };
}

/** The first part of an answer is the whole of it if the request ends so soon after. */
const SAME_STANZA_MS = 0.1;

function stepsOf({ client, to, listener, worker, askedAt, handedAt, firstAnswerAt, endedAt, handOvers, state, length }: Exchange): TraceStep[] {
  const steps: TraceStep[] = [{ at: askedAt, kind: 'asked', from: client, to, length }];
  if (handedAt > 0) steps.push({ at: handedAt, kind: handOvers > 1 ? 'again' : 'handed', from: to, to: listener, length });
  if (firstAnswerAt === 0) return steps;
  const last = state === 'bounced' ? 'bounce' : 'answer';
  if (endedAt > 0 && endedAt - firstAnswerAt < SAME_STANZA_MS) return [...steps, { at: firstAnswerAt, kind: last, from: worker, to: client, length }];
  steps.push({ at: firstAnswerAt, kind: 'answer', from: worker, to: client, length });
  const ended = state === 'complete' || state === 'refused' || state === 'bounced';
  return ended ? [...steps, { at: endedAt, kind: last, from: worker, to: client, length }] : steps;
}
