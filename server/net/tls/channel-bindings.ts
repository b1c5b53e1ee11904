import type { TLSSocket } from 'node:tls';
import type { TlsIdentity } from './identity.ts';

/** What a login can be bound to, by the name of the channel binding type (RFC 5056). */
export type ChannelBindings = ReadonlyMap<string, Buffer>;

export const NO_CHANNEL: ChannelBindings = new Map();

/** RFC 9266 §4.2 */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;
const NO_CONTEXT = Buffer.alloc(0);

/** Not defined with TLS 1.3, and used all the same by clients older than RFC 9266. */
const UNADVERTISED = 'tls-unique';

/**
 * What a login can be bound to on an encrypted stream, the best first: keying material of this very connection (`tls-exporter`), or the
 * server's certificate (`tls-server-end-point`). `tls-unique` is there for old clients that look no further than for a `-PLUS`, as slixmpp
 * before 1.9: the first Finished message binds to the handshake with TLS 1.3 as well as any.
 *
 * With TLS 1.2 nothing: the first would need the extended master secret (RFC 9266 §3), of which Node does not tell, and clients of that
 * age use `tls-unique`, which has the same weakness; they would not find it here and fail.
 */
export function channelBindingsOf(socket: TLSSocket, { endPoint }: TlsIdentity): ChannelBindings {
  if (socket.getProtocol() !== 'TLSv1.3') return NO_CHANNEL;
  const bindings = new Map<string, Buffer>([['tls-exporter', socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, NO_CONTEXT)]]);
  if (endPoint !== null) bindings.set('tls-server-end-point', endPoint);
  const firstFinished = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished();
  if (firstFinished !== undefined) bindings.set(UNADVERTISED, firstFinished);
  return bindings;
}

/** The types a client is told of (XEP-0440). */
export function advertisedTypes(bindings: ChannelBindings): string[] {
  return [...bindings.keys()].filter((type) => type !== UNADVERTISED);
}
