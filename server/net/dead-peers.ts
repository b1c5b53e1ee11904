import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

/**
 * Finds peers whose host has vanished while data was on its way to them.
 *
 * TCP keep-alive asks only where nothing waits for an acknowledgement; otherwise the kernel sends the data again and again, for a quarter of an hour
 * (tcp(7), tcp_retries2). TCP_USER_TIMEOUT would shorten that, and Node cannot set it. So we look how often the kernel has tried.
 */
export function readDeadPeers(minimumRetransmissions: number): Set<string> {
  return new Set(TABLES.flatMap((path) => deadPeersIn(readTable(path), minimumRetransmissions)));
}

/** The kernel's sockets, by proc(5). */
export const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Where there is no such table (not Linux, no IPv6), the kernel's own patience has to do. */
function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

const ESTABLISHED = '01';
/** `tr` of the table for the retransmission timer; a peer that is there and takes nothing has another (zero window probe). */
const RETRANSMITTING = '01';

/** The remote ends (`address:port`) in a table of proc(5) net/tcp to which the same data was sent so many times. */
export function deadPeersIn(table: string, minimumRetransmissions: number): string[] {
  const peers: string[] = [];
  for (const line of table.split('\n').slice(1)) {
    const [, , remote, state, , timer, retransmissions] = line.trim().split(/\s+/);
    if (remote === undefined || state !== ESTABLISHED || timer?.startsWith(`${RETRANSMITTING}:`) !== true) continue;
    if (Number.parseInt(retransmissions ?? '0', 16) >= minimumRetransmissions) peers.push(addressOf(remote));
  }
  return peers;
}

/** `0100007F:1466` to `127.0.0.1:5222`: the address in 32-bit words of the machine's byte order. */
export function addressOf(hex: string): string {
  const [words, port] = hex.split(':') as [string, string];
  const bytes = Buffer.from(words, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return `${[...bytes].join('.')}:${Number.parseInt(port, 16)}`;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return `${new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address}:${Number.parseInt(port, 16)}`;
}
