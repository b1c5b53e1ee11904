import type { Problems } from '../problem.ts';
import type { TlsConfig } from '../transports.ts';
import type { PlacedSettings } from './placed-settings.ts';

/** The certificate from three settings; null: none, or a contradiction. */
export function certificateOf({ values }: PlacedSettings, problems: Problems): TlsConfig['certificate'] | null {
  const { 'tls.certificate.certificate': certificate, 'tls.certificate.key': key, 'tls.selfSigned': selfSigned } = values;
  if (selfSigned) {
    if (certificate !== null || key !== null) problems.add('tls.selfSigned', 'it excludes --tls-cert and --tls-key');
    return 'self-signed';
  }
  if (certificate !== null) return { certificate, key: key ?? certificate };
  if (key !== null) problems.add('tls.certificate.key', 'there is no --tls-cert');
  return null;
}
