import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';

/**
 * Checks the content namespace of a header. Either it is the default namespace, or the header has no default namespace (or that of the stream),
 * and each stanza declares its own (RFC 6120 §4.8.2).
 * @throws StreamError
 */
export function checkContentNamespace({ defaultNamespace }: StreamHeader, content: string): void {
  if (defaultNamespace === content || defaultNamespace === '' || defaultNamespace === NS.streams) return;
  throw new StreamError('invalid-namespace', `the default namespace must be ${content}`);
}
