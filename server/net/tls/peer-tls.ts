import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { connect, type SecureContext, TLSSocket } from 'node:tls';

/** TLS with another server, which may present a certificate too. */
export interface PeerTls {
  readonly role: 'client' | 'server';
  /** With the own certificate, and those that sign the peer's. */
  readonly context: SecureContext;
  /** The domain of the peer, for a client. */
  readonly serverName: string;
  /** Called when TLS has begun; a client opens its stream. */
  started(): void;
}

/** The certificate that the peer has presented. */
export interface PeerCertificate {
  readonly certificate: X509Certificate;
  /** Whether a known authority has signed it, for this use, and it is in force. */
  readonly trusted: boolean;
}

/** Node's handle of a TLS socket. Its properties are undocumented; a `tls.Server` reads them in the same way. */
interface TlsHandle {
  verifyError(): Error | null | undefined;
}

/** Puts TLS on a socket. The handshake completes whatever certificate the peer presents: see {@link peerCertificateOf}. */
export function peerTlsSocket(socket: Duplex, { role, context, serverName }: PeerTls): TLSSocket {
  if (role === 'server') return new TLSSocket(socket, { isServer: true, secureContext: context, requestCert: true, rejectUnauthorized: false });
  return connect({ socket, secureContext: context, servername: serverName, rejectUnauthorized: false, checkServerIdentity: () => undefined });
}

/** Null: the peer has presented none. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const { _handle: handle } = socket as unknown as { readonly _handle: TlsHandle | null };
  return { certificate, trusted: handle !== null && !handle.verifyError() };
}
