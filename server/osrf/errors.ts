import { child, childText, type Element } from '../../shared/element.ts';
import { numericCode } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { type OsrfMessage, statusCodeOf, statusTextOf } from '../../shared/osrf/message.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import type { Stanza } from '../../shared/stanza.ts';

/**
 * The source of a failure: `service`, an error status of the service; `router`, the service has no listener; `bounce`, the message bounced;
 * `connection`, the connection to the Jabber server was lost; `client`, the client itself gave up.
 */
export type OsrfErrorKind = 'service' | 'router' | 'bounce' | 'connection' | 'client';

/** The circumstances of a failure, as far as they are known here. */
export interface FailureContext {
  /** The last messages of the thread. */
  readonly messages: readonly string[];
  /** The value that a stub in this process threw, or undefined. */
  readonly cause: unknown;
}

/** A failure of a request, with the last messages of its thread. */
export class RequestFailure extends Error {
  /** Each as `FROM → TO: TYPE NUMBER CONTENT`. `stack` has them too, so most runners would print them twice if they were enumerable. */
  declare readonly messages: readonly string[];

  constructor(message: string) {
    super(message);
    this.isAfter({ messages: [], cause: undefined });
  }

  /** Adds the circumstances. */
  isAfter({ messages, cause }: FailureContext): void {
    hidden(this, 'messages', messages);
    if (cause !== undefined) hidden(this, 'cause', cause);
  }
}

function hidden(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true, writable: true });
}

/** A request ended without a complete answer. */
export class OsrfError extends RequestFailure {
  override readonly name = 'OsrfError';
  /** The source of the failure. */
  readonly kind: OsrfErrorKind;
  /** OpenSRF's status code, or the code (XEP-0086) of a bounce. */
  readonly statusCode: number;
  /** The JID that reported the failure; `''` if the client itself found it. */
  readonly from: string;
  /** The service; `''` if no request has failed. */
  service = '';
  /** The method, likewise. */
  method = '';
  /** The `osrf_xid` of the request, or `''`. */
  transactionId = '';

  constructor(kind: OsrfErrorKind, statusCode: number, status: string, from: string) {
    super(`${statusCode} ${status}`);
    this.kind = kind;
    this.statusCode = statusCode;
    this.from = from;
  }

  /** Names the request that failed. */
  isOf(service: string, method: string, transactionId: string): void {
    this.service = service;
    this.method = method;
    this.transactionId = transactionId;
  }
}

/** No answer arrived in time. */
export class OsrfTimeout extends RequestFailure {
  override readonly name = 'OsrfTimeout';

  constructor(what: string, ms: number) {
    super(`${what}: no answer within ${ms / 1000} s`);
  }
}

const NOBODY_THERE = new Set([404, 503]);

/** @param service The address of the service's class, from which the router answers if the service has no listener. */
export function statusError(message: OsrfMessage, from: string, service: string): OsrfError {
  const code = statusCodeOf(message);
  const absent = from === service && !service.endsWith('/router') && NOBODY_THERE.has(code);
  return new OsrfError(absent ? 'router' : 'service', code, statusTextOf(message), from);
}

/** Most messages do not match, so they need not be parsed into a tree to exclude an `<error>`. */
const MAY_HOLD_ERROR = /[<:]error[\s/>]/;

/** Stands for an error that is nested too deeply. */
const UNREAD: Element = { name: 'error', prefix: '', namespace: NS.client, attributes: new Map(), children: [], text: '' };

/** The `<error>` of a bounce. Servers set `type='error'` on the message, with or without a code; the C router writes only the child. */
export function bounceOf(message: Stanza): Element | undefined {
  if (message.type !== 'error' && !MAY_HOLD_ERROR.test(message.inner)) return undefined;
  const element = elementOf(message);
  const error = child(element, 'error');
  if (message.type === 'error') return error ?? element ?? UNREAD;
  return error?.attributes.has('type') ? error : undefined;
}

/** @param error The result of {@link bounceOf}. */
export function bounceError(error: Element, from: string): OsrfError {
  const condition = error.children.find(({ name, namespace }) => namespace === NS.stanzaErrors && name !== 'text')?.name ?? '';
  const code = Number(error.attributes.get('code')) || numericCode(condition);
  const why = [condition, childText(error, 'text') ?? ''].filter((part) => part !== '').join(': ');
  return new OsrfError('bounce', code, `the message bounced${why === '' ? '' : ` (${why})`}`, from);
}

/** Whether another worker would refuse the same message too (RFC 6120 §8.3.2). */
export function isOfSender(error: Element): boolean {
  return error.attributes.get('type') === 'modify' || error.attributes.get('type') === 'auth';
}
