import { StanzaError, type StanzaErrorCondition } from '../shared/errors.ts';
import type { OsrfMessage } from '../shared/osrf/message.ts';
import { messagesIn } from '../shared/osrf/read.ts';
import { answerStanza } from '../shared/osrf/stanzas.ts';
import { type AnswerTo, statusBody } from '../shared/osrf/write.ts';
import type { Stanza } from '../shared/stanza.ts';
import type { AbsentServiceAnswer, QueryLimits } from './ports/options.ts';

/** The refusal of a request, as an OpenSRF status and as a stanza error. */
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

/** The listener of the request is lost, and no other is left. */
export function listenerLost(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} lost its listener`, unavailable: false };
}

/** The worker that was answering the request is lost. */
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

/** The `ingress` of OpenSRF's web gateways: HTTP translator, JSON gateway, WebSocket translator up to 3.1, and from 3.1. */
const GATEWAYS: ReadonlySet<string> = new Set(['translator-v1', 'gateway-v1', 'ws-translator-v1', 'ws-translator-v2']);

/** The messages of a stanza; null without any, or beyond the limits: reading costs many times more than sending. */
export function messagesOf(stanza: Stanza, { queryBytes, queryMessages }: QueryLimits): OsrfMessage[] | null {
  if (stanza.length > queryBytes) return null;
  const messages = messagesIn(stanza);
  return messages !== null && messages.length <= queryMessages ? messages : null;
}

/**
 * The answers to a refused request; null if the request must bounce, with {@link errorOf} the refusal.
 *
 * Tested with the real clients: srfsh and Perl show a STATUS for each REQUEST as a clean message at once; a bounce crashes srfsh 3.3.
 * They understand the refusal of a CONNECT only as a bounce. The router also bounces a body without an OpenSRF message, or with too many.
 * A web gateway turns a bounce into HTTP 404 or `transport_error`, but a STATUS into HTTP 200.
 *
 * @param numbers The numbers of the unanswered messages; null: all.
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

/** Whether the message came from a web gateway. A DISCONNECT does not count: the gateway expects no answer, and could take a bounce for that of its next request. */
function isFromGateway({ type, ingress }: OsrfMessage): boolean {
  return type === 'REQUEST' && GATEWAYS.has(ingress);
}

/** A refusal as a stanza error. */
export function errorOf({ condition, text }: Refusal): StanzaError {
  return new StanzaError(condition, text);
}

/** A STATUS with the refusal, from the addressee of the request. */
export function statusTo(request: Stanza, message: AnswerTo, { statusCode, text }: Pick<Refusal, 'statusCode' | 'text'>): Stanza {
  return answerStanza(request, request.transactionId, statusBody(message, 'osrfMethodException', text, statusCode));
}
