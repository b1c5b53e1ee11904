import { webcrypto } from 'node:crypto';
import { addressLiteral } from '../../config/sources/hosts-file.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import { createIdentity, type TlsIdentity } from './identity.ts';

const DAY_MS = 86_400_000;
/** Some clients refuse certificates for more than a year. */
const VALID_DAYS = 365;

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** RFC 5280 §4.2.1.12: id-kp-serverAuth. */
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

/** Makes a self-signed certificate for these domains and the loopback addresses, for the lifetime of the process. */
export async function createSelfSigned(domains: readonly string[]): Promise<TlsIdentity> {
  // Load the library on demand.
  const x509 = await import('@peculiar/x509');
  const literals = domains.flatMap((domain) => addressLiteral(domain) ?? []);
  const names = [...new Set([...domains.filter((domain) => addressLiteral(domain) === null), 'localhost'])];
  const addresses = [...new Set([...literals, '127.0.0.1', '::1'])];
  const keys = await webcrypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
  const now = SYSTEM_TIME.wallTime();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [domains[0] ?? 'localhost'] }],
      notBefore: new Date(now),
      notAfter: new Date(now + VALID_DAYS * DAY_MS),
      keys,
      signingAlgorithm: KEY,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([SERVER_AUTHENTICATION]),
        new x509.SubjectAlternativeNameExtension([
          ...names.map((value) => ({ type: 'dns' as const, value })),
          ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ]),
      ],
    },
    webcrypto,
  );
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return createIdentity(certificate.toString('pem'), key);
}
