import type { TLSSocket } from 'node:tls';
import type { TlsIdentity } from './identity.ts';

/** Channel binding data by type (RFC 5056). */
export type ChannelBindings = ReadonlyMap<string, Buffer>;

export const NO_CHANNEL: ChannelBindings = new Map();

/** RFC 9266 §4.2 */
const EXPORTER_LABEL = 'EXPORTER-Channel-Binding';
const EXPORTER_BYTES = 32;
const NO_CONTEXT = Buffer.alloc(0);

/** Not defined for TLS 1.3, but used by clients older than RFC 9266. */
const UNADVERTISED = 'tls-unique';

/**
 * The channel bindings of an encrypted stream, strongest first: keying material of the connection (`tls-exporter`), or the
 * server's certificate (`tls-server-end-point`). `tls-unique` supports old clients that look for `-PLUS` only, as slixmpp
 * before 1.9: with TLS 1.3 too, the first Finished message binds to the handshake.
 *
 * None with TLS 1.2: `tls-exporter` would need the extended master secret (RFC 9266 §3), which Node does not report, and clients of that
 * age use `tls-unique`, which has the same weakness.
 */
export function channelBindingsOf(socket: TLSSocket, { endPoint }: TlsIdentity): ChannelBindings {
  if (socket.getProtocol() !== 'TLSv1.3') return NO_CHANNEL;
  const bindings = new Map<string, Buffer>([['tls-exporter', socket.exportKeyingMaterial(EXPORTER_BYTES, EXPORTER_LABEL, NO_CONTEXT)]]);
  if (endPoint !== null) bindings.set('tls-server-end-point', endPoint);
  const firstFinished = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished();
  if (firstFinished !== undefined) bindings.set(UNADVERTISED, firstFinished);
  return bindings;
}

/** The advertised types (XEP-0440). */
export function advertisedTypes(bindings: ChannelBindings): string[] {
  return [...bindings.keys()].filter((type) => type !== UNADVERTISED);
}
