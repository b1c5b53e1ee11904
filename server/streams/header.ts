import { StreamError } from '../../shared/errors.ts';
import { NS } from '../../shared/namespaces.ts';
import type { StreamHeader } from '../../shared/reader/stream-receiver.ts';

/**
 * Checks what a header says of the stream's content. Either its default namespace is that of the content, or it has none for the content (that of the stream is
 * none either), and each stanza declares its own (RFC 6120 §4.8.2).
 * @throws StreamError
 */
export function checkContentNamespace({ defaultNamespace }: StreamHeader, content: string): void {
  if (defaultNamespace === content || defaultNamespace === '' || defaultNamespace === NS.streams) return;
  throw new StreamError('invalid-namespace', `the default namespace must be ${content}`);
}
