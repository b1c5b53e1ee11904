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
}

/** Nobody has registered for the class. */
export function absent(className: string): Refusal {
  return { statusCode: 404, condition: 'service-unavailable', text: `Service ${className} is not registered with this router` };
}

/** The listener that had the request is gone, and no other is left. */
export function listenerLost(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} lost its listener` };
}

/** The worker that was answering the request is gone. */
export function workerLost(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} lost the worker of this request` };
}

/** All listeners were told from outside to take no more requests. */
export function drained(className: string): Refusal {
  return { statusCode: 503, condition: 'service-unavailable', text: `Service ${className} is being drained` };
}

/** The sender's domain is not one this router takes that from. */
export function untrusted(domain: string): Refusal {
  return { statusCode: 403, condition: 'forbidden', text: `Domain ${domain} is not trusted by this router` };
}

/** The messages a stanza holds; null where it holds none, or more than the router reads: to read costs many times what it costs to send. */
export function messagesOf(stanza: Stanza, { queryBytes, queryMessages }: QueryLimits): OsrfMessage[] | null {
  if (stanza.length > queryBytes) return null;
  const messages = messagesIn(stanza);
  return messages !== null && messages.length <= queryMessages ? messages : null;
}

/**
 * The answers to a request that is refused; null where it is to bounce, with {@link errorOf} the refusal.
 *
 * Tried on the real clients: a STATUS for each REQUEST gives srfsh and Perl a clean message at once, where a bounce crashes srfsh 3.3;
 * a CONNECT is understood only if it bounces, and so is whatever holds no OpenSRF message, or more than the router reads.
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
  if (messages === null || messages.some((message) => message.type === 'CONNECT')) return null;
  return messages
    .filter((message) => message.type === 'REQUEST' && numbers?.has(message.threadTrace) !== false)
    .map((message) => statusTo(request, message, refusal));
}

/** A refusal as it stands in a bounce. */
export function errorOf({ condition, text }: Refusal): StanzaError {
  return new StanzaError(condition, text);
}

/** A STATUS that carries the refusal, from the address the request was sent to. */
export function statusTo(request: Stanza, message: AnswerTo, refusal: Refusal): Stanza {
  return answerStanza(request, request.transactionId, statusBody(message, 'osrfMethodException', refusal.text, refusal.statusCode));
}
