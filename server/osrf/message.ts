import { jsonObject, type OsrfMessage, type OsrfMessageType, toJson } from '../../shared/osrf-message.ts';
import { escapeAttribute, escapeText } from '../../shared/xml.ts';

/** One message to be sent: what {@link OsrfMessage} is when it is received. */
export interface OutgoingMessage {
  readonly type: OsrfMessageType;
  readonly threadTrace: string;
  readonly payload: readonly [name: string, data: object] | null;
  readonly envelope?: Envelope;
}

/** What OpenSRF's messages say beside their content. */
export interface Envelope {
  /** The language the caller wants texts in. */
  readonly locale: string;
  /** By which door the request came into the system; `''`: not said, as in the answers of OpenSRF's C library. */
  readonly ingress: string;
  /** 0: not said. */
  readonly apiLevel: number;
}

/** What OpenSRF's libraries write where nobody says otherwise. */
export const DEFAULT_ENVELOPE: Envelope = Object.freeze({ locale: 'en-US', ingress: 'opensrf', apiLevel: 1 });

/** A `<message>` as OpenSRF's libraries since 3.1 write it. */
export function messageXml(to: string, from: string, transactionId: string, thread: string, messages: readonly OutgoingMessage[]): string {
  const extension = `<opensrf router_from='' router_to='' router_class='' router_command='' osrf_xid='${escapeAttribute(transactionId)}'/>`;
  const body = `[${messages.map(messageJson).join(',')}]`;
  return `<message to='${escapeAttribute(to)}' from='${escapeAttribute(from)}'>${extension}<thread>${escapeText(thread)}</thread><body>${escapeText(body)}</body></message>`;
}

/** A listener's word to a router. */
export function registrationXml(command: 'register' | 'unregister', router: string, listener: string, service: string): string {
  const extension = `<opensrf router_from='' router_to='' router_class='${escapeAttribute(service)}' router_command='${command}' osrf_xid=''/>`;
  return `<message to='${escapeAttribute(router)}' from='${escapeAttribute(listener)}'>${extension}<body>${command}ing</body></message>`;
}

function messageJson({ type, threadTrace, payload, envelope = DEFAULT_ENVELOPE }: OutgoingMessage): string {
  const members: [string, string][] = [
    ['threadTrace', toJson(threadTrace)],
    ['locale', toJson(envelope.locale)],
  ];
  if (envelope.ingress !== '') members.push(['ingress', toJson(envelope.ingress)]);
  if (envelope.apiLevel !== 0) members.push(['api_level', toJson(envelope.apiLevel)]);
  members.push(['type', toJson(type)]);
  if (payload !== null) members.push(['payload', classed(payload[0], toJson(payload[1]))]);
  return classed('osrfMessage', jsonObject(members));
}

function classed(name: string, json: string): string {
  return `{"__c":${toJson(name)},"__p":${json}}`;
}

/** A STATUS, the answer to one message. */
export function statusMessage(threadTrace: string, payloadClass: string, status: string, statusCode: number): OutgoingMessage {
  return { type: 'STATUS', threadTrace, payload: [payloadClass, { status, statusCode: String(statusCode) }] };
}

/** A RESULT or a part of one. */
export function resultMessage(threadTrace: string, payloadClass: string, status: string, statusCode: number, content: unknown): OutgoingMessage {
  return { type: 'RESULT', threadTrace, payload: [payloadClass, { status, statusCode: String(statusCode), content }] };
}

/** The status code of a RESULT or STATUS; C writes a string, Perl a number. */
export function statusCodeOf(message: OsrfMessage): number {
  return Number(message.payload['statusCode'] ?? 0);
}
