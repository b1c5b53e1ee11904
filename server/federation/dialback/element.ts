import { type Element, xml } from '../../../shared/element.ts';
import { StreamError } from '../../../shared/errors.ts';
import { normalizeDomain } from '../../../shared/jid.ts';
import { NS } from '../../../shared/namespaces.ts';

/** The domain whose stanzas a stream carries, and the domain that they are for. */
export interface DomainPair {
  readonly sender: string;
  readonly target: string;
}

/** `<db:result/>` or `<db:verify/>` (XEP-0220 §2.1). */
export interface DialbackElement {
  readonly name: 'result' | 'verify';
  /** `''`: a request. */
  readonly type: '' | 'valid' | 'invalid' | 'error';
  readonly from: string;
  readonly to: string;
  /** Of the stream that the key is for; only in `<db:verify/>`. */
  readonly id: string;
  readonly key: string;
}

/** The reason why a dialback could not be done (XEP-0220 §2.4). */
export type DialbackProblem =
  | 'item-not-found'
  | 'not-authorized'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'remote-server-not-found'
  | 'remote-server-timeout'
  | 'resource-constraint';

/** The answer to a request. */
export type DialbackOutcome = 'valid' | 'invalid' | DialbackProblem;

/** Keys are opaque: jabberd2's have 40 characters, others 64. */
const MAX_KEY = 1_024;
const TYPES: readonly string[] = ['', 'valid', 'invalid', 'error'];

/** Reads an element of the dialback namespace; the prefix does not matter. @throws StreamError */
export function readDialback({ name, attributes, text }: Element): DialbackElement {
  const from = normalizeDomain(attributes.get('from') ?? '');
  const to = normalizeDomain(attributes.get('to') ?? '');
  const type = attributes.get('type') ?? '';
  const key = text.trim();
  if (name !== 'result' && name !== 'verify') throw new StreamError('unsupported-stanza-type', `<${name}> is not an element of dialback`);
  if (from === null || to === null) throw new StreamError('improper-addressing', `<db:${name}> needs two domains`);
  if (!TYPES.includes(type) || key.length > MAX_KEY) throw new StreamError('bad-format', `<db:${name}> is invalid`);
  return { name, type: type as DialbackElement['type'], from, to, id: attributes.get('id') ?? '', key };
}

/** A request as XML. @param id `''` in `<db:result/>`. */
export function requestXml(name: DialbackElement['name'], from: string, to: string, id: string, key: string): string {
  return xml(`db:${name}`, { from, to, id }, key);
}

/** The answer to a request as XML. */
export function answerXml({ name, from, to, id }: DialbackElement, outcome: DialbackOutcome): string {
  const attributes = { from: to, to: from, id: name === 'verify' ? id : '' };
  if (outcome === 'valid' || outcome === 'invalid') return xml(`db:${name}`, { ...attributes, type: outcome });
  return xml(`db:${name}`, { ...attributes, type: 'error' }, xml('error', { type: 'cancel' }, xml(outcome, { xmlns: NS.stanzaErrors })));
}

/** A pair as the key of a map. */
export function pairKey(sender: string, target: string): string {
  return `${sender} ${target}`;
}
