import { addressLiteral } from '../../config/hosts-file.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import { createIdentity, type TlsIdentity } from './identity.ts';

const DAY_MS = 86_400_000;
/** More than a year is refused by some clients. */
const VALID_DAYS = 365;

/** A certificate for these domains and this machine's own addresses that nobody vouches for. It is gone when the process ends. */
export async function createSelfSigned(domains: readonly string[]): Promise<TlsIdentity> {
  // Only who asks for such a certificate pays for reading a library that makes some.
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
