import { readFile } from 'node:fs/promises';
import { addressOf, TABLES } from './dead-peers.ts';

/**
 * How many bytes processes of this machine have not read from the sockets at some addresses: the kernel has taken them in, and no outbox shows that. An address
 * that is not in the tables (it is of another machine, or this is not Linux) is left out.
 */
export async function readUnreadBytes(addresses: ReadonlySet<string>): Promise<Map<string, number>> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')));
  return new Map(tables.flatMap((table) => [...unreadBytesIn(table, addresses)]));
}

const ESTABLISHED = '01';
/** The other end is closed; what it sent before can still be read. */
const CLOSE_WAIT = '08';

/** The same of one table of proc(5) net/tcp. */
export function unreadBytesIn(table: string, addresses: ReadonlySet<string>): Map<string, number> {
  const ports = new Set(Array.from(addresses, (address) => hexPort(address)));
  const unread = new Map<string, number>();
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', , state = '', queues = ''] = line.trim().split(/\s+/, 5);
    // Most sockets are others', and to convert an address costs more than to compare a port.
    if (!ports.has(local.slice(local.indexOf(':') + 1)) || (state !== ESTABLISHED && state !== CLOSE_WAIT)) continue;
    const address = addressOf(local).replace(/^::ffff:/, '');
    if (addresses.has(address)) unread.set(address, Number.parseInt(queues.slice(queues.indexOf(':') + 1), 16));
  }
  return unread;
}

function hexPort(address: string): string {
  return Number(address.slice(address.lastIndexOf(':') + 1))
    .toString(16)
    .toUpperCase()
    .padStart(4, '0');
}
