import { StanzaError, type StanzaErrorCondition } from '../shared/errors.ts';
import type { OsrfMessage } from '../shared/osrf/message.ts';
import { messagesIn } from '../shared/osrf/read.ts';
import { answerStanza } from '../shared/osrf/stanzas.ts';
import { type AnswerTo, statusBody } from '../shared/osrf/write.ts';
import type { Stanza } from '../shared/stanza.ts';
import type { AbsentServiceAnswer, QueryLimits } from './ports/options.ts';

/** Why a request is not handed to a listener: as an OpenSRF status and as a stanza error. */
export interface Refusal {
  readonly statusCode: number;
  readonly condition: StanzaErrorCondition;
  readonly text: string;
  /** Whether the service takes no requests at all: web gateways expect a bounce then. */
  readonly unavailable: boolean;
}

/** The class has no listener. */
export function absent(className: string): Refusal {
  return { statusCode: 404, condition: 'service-unavailable', text: `Service ${className} is not registered with this router`, unavailable: true };
}

/** The listener that had the request is gone, and no other is left. */
export function listenerLost(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} lost its listener`, unavailable: false };
}

/** The worker that was answering the request is gone. */
export function workerLost(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} lost the worker of this request`, unavailable: false };
}

/** All listeners of the class are drained. */
export function drained(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} is being drained`, unavailable: true };
}

/** The router does not trust the sender's domain. */
export function untrusted(domain: string): Refusal {
  return { statusCode: 403, condition: 'forbidden', text: `Domain ${domain} is not trusted by this router`, unavailable: false };
}

/** What OpenSRF's web gateways write as `ingress`: the HTTP translator, the JSON gateway, the WebSocket translator up to 3.1, and from 3.1. */
const GATEWAYS: ReadonlySet<string> = new Set(['translator-v1', 'gateway-v1', 'ws-translator-v1', 'ws-translator-v2']);

/** The messages a stanza holds; null where it holds none, or more than the router reads: to read costs many times what it costs to send. */
export function messagesOf(stanza: Stanza, { queryBytes, queryMessages }: QueryLimits): OsrfMessage[] | null {
  if (stanza.length > queryBytes) return null;
  const messages = messagesIn(stanza);
  return messages !== null && messages.length <= queryMessages ? messages : null;
}

/**
 * The answers to a request that is refused; null if the request must bounce, with {@link errorOf} the refusal.
 *
 * Tried on the real clients: srfsh and Perl show a STATUS for each REQUEST as a clean message at once; a bounce crashes srfsh 3.3.
 * They understand the refusal of a CONNECT only if it bounces. The router also bounces a body without an OpenSRF message, or with more than it reads.
 * A web gateway makes HTTP 404 or `transport_error` of a bounce, but HTTP 200 of a STATUS.
 *
 * @param numbers Of the messages that have no whole answer yet; null: all.
 */
export function refuse(
  request: Stanza,
  refusal: Refusal,
  answer: AbsentServiceAnswer,
  limits: QueryLimits,
  numbers: ReadonlySet<string> | null = null,
): Stanza[] | null {
  const messages = answer === 'bounce' ? null : messagesOf(request, limits);
  if (messages === null || messages.some((message) => message.type === 'CONNECT' || (refusal.unavailable && isFromGateway(message)))) return null;
  return messages
    .filter((message) => message.type === 'REQUEST' && numbers?.has(message.threadTrace) !== false)
    .map((message) => statusTo(request, message, refusal));
}

/** Whether a web gateway made the request. A gateway waits for no answer to a DISCONNECT, and could take a bounce for that of its next request. */
function isFromGateway({ type, ingress }: OsrfMessage): boolean {
  return type === 'REQUEST' && GATEWAYS.has(ingress);
}

/** A refusal as it stands in a bounce. */
export function errorOf({ condition, text }: Refusal): StanzaError {
  return new StanzaError(condition, text);
}

/** A STATUS that carries the refusal, from the address the request was sent to. */
export function statusTo(request: Stanza, message: AnswerTo, { statusCode, text }: Pick<Refusal, 'statusCode' | 'text'>): Stanza {
  return answerStanza(request, request.transactionId, statusBody(message, 'osrfMethodException', text, statusCode));
}
