import type { Exchange } from '../../conversations/exchange.ts';

/**
 * The outcome of a request: `ok`; `failed`, the service answered with a status of 300 or more; `refused` by the router; `lost`, without a complete answer;
 * `open`, still waiting; `unseen`, not observed to its end, so unknown.
 */
export type Outcome = 'ok' | 'failed' | 'refused' | 'lost' | 'open' | 'unseen';

/** All outcomes. */
export const OUTCOMES: readonly Outcome[] = ['ok', 'failed', 'refused', 'lost', 'open', 'unseen'];

/** The age at which an open request shows its reason: OpenSRF's clients wait for about a minute. */
const LONG_OPEN_MS = 60_000;

/** Whether it is a failure. */
export function isFailure(outcome: Outcome): boolean {
  return outcome === 'failed' || outcome === 'refused' || outcome === 'lost';
}

/** @param routers Bare JIDs. */
export function outcomeOf(exchange: Exchange, routers: ReadonlySet<string>): Outcome {
  switch (exchange.state) {
    case 'open':
      return 'open';
    case 'complete':
      return 'ok';
    case 'abandoned':
      return 'lost';
    case 'forgotten':
      return 'unseen';
    case 'refused':
      if (!isRouter(exchange.worker, routers)) return 'failed';
      return exchange.handOvers > 0 ? 'lost' : 'refused';
    case 'bounced':
      return exchange.handOvers === 0 && isRouter(exchange.worker, routers) ? 'refused' : 'lost';
  }
}

function isRouter(jid: string, routers: ReadonlySet<string>): boolean {
  const slash = jid.indexOf('/');
  return routers.has(slash === -1 ? jid : jid.slice(0, slash));
}

/**
 * The reason why a request has no good answer, as a sentence; `''` if it has one, or may still get it.
 * @param fault The name of an injected fault, or `''`. @param now On the scale of the exchange.
 */
export function reasonOf(exchange: Exchange, outcome: Outcome, fault: string, now: number): string {
  const reason = sentence(exchange, outcome, now);
  return fault === '' || outcome === 'ok' ? reason : `Injected fault "${fault}". ${reason}`.trim();
}

function sentence(exchange: Exchange, outcome: Outcome, now: number): string {
  switch (outcome) {
    case 'ok':
      return '';
    case 'failed':
      return `The service answered with status ${coded(exchange)}`;
    case 'refused':
      return `The router refused it: ${coded(exchange)}`;
    case 'lost':
      return lossOf(exchange);
    case 'open':
      return exchange.durationMs(now) < LONG_OPEN_MS ? '' : waitOf(exchange, Math.floor(exchange.durationMs(now) / 1_000));
    case 'unseen':
      return 'The server was too busy, or its limits too small, to follow this request to its end. This is no failure.';
  }
}

function lossOf(exchange: Exchange): string {
  const { state, client, listener, to, status, resent } = exchange;
  if (state === 'abandoned') return resent ? 'The client sent it again, to another worker.' : `The client ${client} left before the answer was complete.`;
  if (state === 'bounced') return `It bounced from ${exchange.worker || to}: ${coded(exchange)}`;
  const what = status.includes('worker') ? 'The worker ended before its answer was complete' : `The listener ${listener} was lost before a worker answered`;
  return `${what}: ${coded(exchange)}`;
}

function waitOf({ listener, worker, handedAt, to }: Exchange, seconds: number): string {
  if (worker !== '') return `Unanswered for ${seconds} s: the worker ${worker} has answered in part.`;
  if (handedAt > 0) return `Unanswered for ${seconds} s: the listener ${listener} has the request, and no worker has answered.`;
  return `Unanswered for ${seconds} s: it went to ${to}.`;
}

/** The known parts of code, condition and text. */
function coded({ statusCode, condition, status }: Exchange): string {
  const code = statusCode === 0 ? '' : String(statusCode);
  const parts = [[condition, code].filter((part) => part !== '').join(' '), status.trim()].filter((part) => part !== '');
  return parts.join(': ') || 'without a reason';
}
