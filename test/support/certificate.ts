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
