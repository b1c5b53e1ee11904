import type { Element } from '../../shared/element.ts';
import { StreamError } from '../../shared/errors.ts';

/** The error for an element that is not a stanza (RFC 6120 §4.9.3.2). */
export function unsupportedElement({ name, prefix, namespace }: Element): StreamError {
  if (prefix !== '') return new StreamError('bad-namespace-prefix', 'stanzas must be in the default namespace, without a prefix');
  return unsupportedStanza(name, namespace);
}

/** The error for a stanza of another namespace (RFC 6120 §4.9.3.24). */
export function unsupportedStanza(name: string, namespace: string): StreamError {
  return new StreamError('unsupported-stanza-type', `<${name} xmlns='${namespace}'> is not a stanza`);
}
