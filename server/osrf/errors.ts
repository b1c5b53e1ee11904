import { child, childText, type Element } from '../../shared/element.ts';
import { legacyCode } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import { type OsrfMessage, statusCodeOf, statusTextOf } from '../../shared/osrf/message.ts';
import { elementOf } from '../../shared/reader/element-of.ts';
import type { Stanza } from '../../shared/stanza.ts';

/**
 * Who failed: a `service` answered with an error status; the `router` had nobody to give the request to; it came back as a `bounce`;
 * the `connection` to the Jabber server was lost; or the `client` itself gave up.
 */
export type OsrfErrorKind = 'service' | 'router' | 'bounce' | 'connection' | 'client';

/** A request that ended without its whole answer. */
export class OsrfError extends Error {
  override readonly name = 'OsrfError';
  /** Who failed. */
  readonly kind: OsrfErrorKind;
  /** OpenSRF's status code, or the legacy code of a bounce. */
  readonly statusCode: number;
  /** Who said so, `''` where we did. */
  readonly from: string;

  constructor(kind: OsrfErrorKind, statusCode: number, status: string, from: string) {
    super(`${statusCode} ${status}`);
    this.kind = kind;
    this.statusCode = statusCode;
    this.from = from;
  }
}

/** No answer within the time the caller gave. */
export class OsrfTimeout extends Error {
  override readonly name = 'OsrfTimeout';

  constructor(what: string, ms: number) {
    super(`${what}: no answer within ${ms / 1000} s`);
  }
}

const NOBODY_THERE = new Set([404, 503]);

/** @param service The address of the service's class at its router, which speaks from there where it has no listener. */
export function statusError(message: OsrfMessage, from: string, service: string): OsrfError {
  const code = statusCodeOf(message);
  const absent = from === service && !service.endsWith('/router') && NOBODY_THERE.has(code);
  return new OsrfError(absent ? 'router' : 'service', code, statusTextOf(message), from);
}

/** In most messages nothing looks like an `<error>`, so that no tree is needed to see that there is none. */
const MAY_HOLD_ERROR = /[<:]error[\s/>]/;

/** For an error that is nested too deeply. */
const UNREAD: Element = { name: 'error', prefix: '', namespace: NS.client, attributes: new Map(), children: [], text: '' };

/** The `<error>` of a bounce: servers write `type='error'` on the message, with or without a code; the C router writes only the child. */
export function bounceOf(message: Stanza): Element | undefined {
  if (message.type !== 'error' && !MAY_HOLD_ERROR.test(message.inner)) return undefined;
  const element = elementOf(message);
  const error = child(element, 'error');
  if (message.type === 'error') return error ?? element ?? UNREAD;
  return error?.attributes.has('type') ? error : undefined;
}

/** @param error What {@link bounceOf} found. */
export function bounceError(error: Element, from: string): OsrfError {
  const condition = error.children.find(({ name, namespace }) => namespace === NS.stanzaErrors && name !== 'text')?.name ?? '';
  const code = Number(error.attributes.get('code')) || legacyCode(condition);
  const why = [condition, childText(error, 'text') ?? ''].filter((part) => part !== '').join(': ');
  return new OsrfError('bounce', code, `the message came back undelivered${why === '' ? '' : ` (${why})`}`, from);
}

/** Whether another worker would refuse the same message too (RFC 6120 §8.3.2). */
export function isOfSender(error: Element): boolean {
  return error.attributes.get('type') === 'modify' || error.attributes.get('type') === 'auth';
}
