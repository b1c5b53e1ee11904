import type { CertificateFiles, TlsConfig } from '../../config/transports.ts';
import { SYSTEM_TIME } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import { readIdentity, type TlsIdentity } from './identity.ts';
import { createSelfSigned } from './self-signed.ts';

/** The server's TLS identity, which a reload may replace: existing connections keep the old one. */
export class Tls {
  private readonly log: Log;
  private current: TlsIdentity | null = null;

  constructor(log: Log) {
    this.log = log;
  }

  /** Null before {@link open}. */
  get identity(): TlsIdentity | null {
    return this.current;
  }

  /** @throws CertificateError */
  async open({ certificate }: TlsConfig, domains: readonly string[]): Promise<void> {
    this.use(certificate === 'self-signed' ? await createSelfSigned(domains) : readIdentity(certificate));
  }

  /** Replaces the identity by that of these files. @throws CertificateError, leaving the old one. */
  read(files: CertificateFiles): void {
    this.use(readIdentity(files));
  }

  private use(identity: TlsIdentity): void {
    const { fingerprint, expires } = identity;
    const isNew = fingerprint !== this.current?.fingerprint;
    this.current = identity;
    if (expires.getTime() <= SYSTEM_TIME.wallTime()) this.log.warn({ expires, fingerprint }, 'the certificate has expired');
    else if (isNew) this.log.info({ expires, fingerprint }, 'certificate in use');
  }
}
