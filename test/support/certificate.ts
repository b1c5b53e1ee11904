import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { CertificateFiles } from '../../server/config/transports.ts';

/** Writes a new certificate for `localhost` and its key into a folder. */
export async function writeCertificate(folder: string, name: string, notAfterDate?: Date): Promise<CertificateFiles> {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
  });
  writeFileSync(files.certificate, cert);
  writeFileSync(files.key, key);
  return files;
}

/** An authority that signs certificates of servers. */
export interface Authority {
  /** Its certificate (PEM). */
  readonly file: string;
  /** Signs a certificate for domains. */
  sign(name: string, domains: readonly string[], options?: { readonly clientAuth?: boolean; readonly notAfterDate?: Date }): Promise<CertificateFiles>;
}

/** Makes an authority whose files are in a folder. */
export async function writeAuthority(folder: string, name: string): Promise<Authority> {
  const authority = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  const file = join(folder, `${name}.crt`);
  writeFileSync(file, authority.cert);
  return {
    file,
    async sign(leaf, domains, { clientAuth = true, notAfterDate } = {}) {
      const files = { certificate: join(folder, `${leaf}.crt`), key: join(folder, `${leaf}.key`) };
      const { cert, private: key } = await generate([{ name: 'commonName', value: leaf }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { key: authority.private, cert: authority.cert },
        ...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'extKeyUsage', serverAuth: true, clientAuth },
          { name: 'subjectAltName', altNames: domains.map((value) => ({ type: 2 as const, value })) },
        ],
      });
      writeFileSync(files.certificate, cert);
      writeFileSync(files.key, key);
      return files;
    },
  };
}
