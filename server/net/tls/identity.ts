import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateFiles } from '../../config/transports.ts';
import { readRegularFile } from '../../kernel/regular-file.ts';
import { endPointOf } from './end-point.ts';

/** The server's certificate and key for TLS. */
export interface TlsIdentity {
  readonly context: SecureContext;
  /** The channel binding `tls-server-end-point`, or null. */
  readonly endPoint: Buffer | null;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint` writes it. */
  readonly fingerprint: string;
  readonly expires: Date;
  /** A context with the same certificate for streams with other servers. @param authorities Certificates (PEM) that sign theirs; `''`: the usual ones. */
  trusting(authorities: string): SecureContext;
}

/** A certificate is unusable. The message has the file and the reason. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';

  constructor(message: string, cause: unknown) {
    super(message, { cause });
  }
}

/** @throws CertificateError */
export function readIdentity(files: CertificateFiles): TlsIdentity {
  const certificate = readPem(files.certificate);
  const key = readPem(files.key);
  try {
    return createIdentity(certificate, key);
  } catch (error) {
    throw new CertificateError(`TLS: ${files.certificate} and ${files.key} are not a certificate and its key: ${(error as Error).message}`, error);
  }
}

/** @param certificate In PEM, like the key. @throws the error of crypto. */
export function createIdentity(certificate: string, key: string): TlsIdentity {
  const leaf = new X509Certificate(certificate);
  const trusting = (authorities: string) =>
    createSecureContext({
      cert: certificate,
      key,
      minVersion: 'TLSv1.2',
      honorCipherOrder: true,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ...(authorities !== '' && { ca: authorities }),
    });
  const context = trusting('');
  return { context, endPoint: endPointOf(leaf.raw), fingerprint: leaf.fingerprint256, expires: new Date(leaf.validTo), trusting };
}

/** Reads certificates or a key. @throws CertificateError */
export function readPem(file: string): string {
  try {
    return readRegularFile(file);
  } catch (error) {
    throw new CertificateError(`TLS: cannot read ${file}: ${(error as Error).message}`, error);
  }
}
