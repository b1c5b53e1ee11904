import { addressLiteral } from '../../config/hosts-file.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import { createIdentity, type TlsIdentity } from './identity.ts';

const DAY_MS = 86_400_000;
/** Some clients refuse certificates for more than a year. */
const VALID_DAYS = 365;

/** Makes a self-signed certificate for these domains and the loopback addresses, for the lifetime of the process. */
export async function createSelfSigned(domains: readonly string[]): Promise<TlsIdentity> {
  // Load the library on demand.
  const { generate } = await import('selfsigned');
  const literals = domains.flatMap((domain) => addressLiteral(domain) ?? []);
  const names = [...new Set([...domains.filter((domain) => addressLiteral(domain) === null), 'localhost'])].map((value) => ({ type: 2 as const, value }));
  const addresses = [...new Set([...literals, '127.0.0.1', '::1'])].map((ip) => ({ type: 7 as const, ip }));
  const { cert, private: key } = await generate([{ name: 'commonName', value: domains[0] ?? 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(SYSTEM_TIME.wallTime() + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [...names, ...addresses] },
    ],
  });
  return createIdentity(cert, key);
}
