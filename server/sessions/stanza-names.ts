import { StreamError } from '../../shared/errors.ts';

/** RFC 6120 §8: there are three. */
export function isStanzaName(name: string): boolean {
  return name === 'message' || name === 'iq' || name === 'presence';
}

/** The error for a child of a stream that is no stanza (RFC 6120 §4.9.3.2, §4.9.3.24). */
export function unsupportedStanza(name: string, namespace: string): StreamError {
  if (name.includes(':')) return new StreamError('bad-namespace-prefix', 'stanzas must be in the default namespace, without a prefix');
  return new StreamError('unsupported-stanza-type', `<${name} xmlns='${namespace}'> is no stanza`);
}
