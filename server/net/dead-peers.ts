import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

/**
 * Finds vanished hosts that have unacknowledged data.
 *
 * TCP keep-alive probes only without unacknowledged data; otherwise the kernel retransmits for a quarter of an hour
 * (tcp(7), tcp_retries2). Node cannot set TCP_USER_TIMEOUT to shorten that, so this reads the kernel's count of retransmissions.
 */
export function readDeadPeers(minimumRetransmissions: number): Set<string> {
  return new Set(TABLES.flatMap((path) => deadPeersIn(readTable(path), minimumRetransmissions)));
}

/** The kernel's sockets, by proc(5). */
export const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Reads a table; empty if it does not exist (not Linux, no IPv6); then the kernel's own time-out applies. */
function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

const ESTABLISHED = '01';
/** The value of `tr` for the retransmission timer; a live peer that does not read has another one (zero window probe). */
const RETRANSMITTING = '01';

/** The remote addresses (`address:port`) in a table of proc(5) net/tcp with at least this many retransmissions. */
export function deadPeersIn(table: string, minimumRetransmissions: number): string[] {
  const peers: string[] = [];
  for (const line of table.split('\n').slice(1)) {
    const [, , remote, state, , timer, retransmissions] = line.trim().split(/\s+/);
    if (remote === undefined || state !== ESTABLISHED || timer?.startsWith(`${RETRANSMITTING}:`) !== true) continue;
    if (Number.parseInt(retransmissions ?? '0', 16) >= minimumRetransmissions) peers.push(addressOf(remote));
  }
  return peers;
}

/** Converts `0100007F:1466` to `127.0.0.1:5222`: 32-bit words in the machine's byte order. */
export function addressOf(hex: string): string {
  const [words, port] = hex.split(':') as [string, string];
  const bytes = Buffer.from(words, 'hex');
  if (endianness() === 'LE') bytes.swap32();
  if (bytes.length === 4) return `${[...bytes].join('.')}:${Number.parseInt(port, 16)}`;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16));
  return `${new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address}:${Number.parseInt(port, 16)}`;
}
