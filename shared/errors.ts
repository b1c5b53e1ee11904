import { NS } from './namespaces.ts';
import { escapeText } from './xml.ts';

/** The conditions of stream errors (RFC 6120 §4.9.3). */
export type StreamErrorCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-stanza-type'
  | 'unsupported-version';

/** A fault of the peer that ends its stream. Thrown where it is found, caught once at the connection. */
export class StreamError extends Error {
  readonly condition: StreamErrorCondition;
  /** An application-specific condition (RFC 6120 §4.9.4) as XML, or `''`. */
  readonly applicationXml: string;

  /** @param text The description, which is sent to the peer. */
  constructor(condition: StreamErrorCondition, text: string, applicationXml = '') {
    super(text);
    this.name = 'StreamError';
    this.condition = condition;
    this.applicationXml = applicationXml;
  }
}

/** The conditions of stanza errors (RFC 6120 §8.3.3). */
export type StanzaErrorCondition =
  | 'bad-request'
  | 'conflict'
  | 'feature-not-implemented'
  | 'forbidden'
  | 'internal-server-error'
  | 'item-not-found'
  | 'jid-malformed'
  | 'not-acceptable'
  | 'not-allowed'
  | 'not-authorized'
  | 'policy-violation'
  | 'remote-server-not-found'
  | 'remote-server-timeout'
  | 'resource-constraint'
  | 'service-unavailable';

/** RFC 6120 §8.3.2. */
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

// The number is XEP-0086's. OpenSRF's C library before 3.3 crashes without it.
const STANZA_ERRORS: Record<StanzaErrorCondition, readonly [StanzaErrorType, number]> = {
  'bad-request': ['modify', 400],
  conflict: ['cancel', 409],
  'feature-not-implemented': ['cancel', 501],
  forbidden: ['auth', 403],
  'internal-server-error': ['cancel', 500],
  'item-not-found': ['cancel', 404],
  'jid-malformed': ['modify', 400],
  'not-acceptable': ['modify', 406],
  'not-allowed': ['cancel', 405],
  'not-authorized': ['auth', 401],
  'policy-violation': ['modify', 406],
  'remote-server-not-found': ['cancel', 404],
  'remote-server-timeout': ['wait', 504],
  'resource-constraint': ['wait', 500],
  'service-unavailable': ['cancel', 503],
};

/** Whether a condition is defined. */
export function isStanzaErrorCondition(condition: string): condition is StanzaErrorCondition {
  return Object.hasOwn(STANZA_ERRORS, condition);
}

/** The code (XEP-0086) of a condition; 500 for an unknown one. */
export function numericCode(condition: string): number {
  return isStanzaErrorCondition(condition) ? STANZA_ERRORS[condition][1] : 500;
}

/** An error answer to a stanza (RFC 6120 §8.3). A value, not an exception. */
export class StanzaError {
  readonly condition: StanzaErrorCondition;
  readonly type: StanzaErrorType;
  /** The code of XEP-0086. */
  readonly code: number;
  /** The description, or `''`. */
  readonly text: string;

  constructor(condition: StanzaErrorCondition, text = '') {
    const [type, code] = STANZA_ERRORS[condition];
    this.condition = condition;
    this.type = type;
    this.code = code;
    this.text = text;
  }

  /** Writes the `<error>`: type, code, condition, text (RFC 6120 §8.3.2, XEP-0086). */
  toXml(): string {
    const text = this.text === '' ? '' : `<text xmlns='${NS.stanzaErrors}'>${escapeText(this.text)}</text>`;
    return `<error code='${this.code}' type='${this.type}'><${this.condition} xmlns='${NS.stanzaErrors}'/>${text}</error>`;
  }
}
