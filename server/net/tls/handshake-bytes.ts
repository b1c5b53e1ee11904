import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/** The approximate memory of an incomplete handshake in OpenSSL, in bytes: it collects a message in a buffer that it doubles. */
export function handshakeBytes(socket: TLSSocket, raw: Duplex): number {
  return socket.getFinished() === undefined && raw instanceof Socket ? 2 * raw.bytesRead : 0;
}
