import { readFile } from 'node:fs/promises';
import { addressOf, TABLES } from './dead-peers.ts';

/**
 * The bytes that local processes have not read from the sockets at some addresses: they are in kernel buffers, invisible to an outbox. Omits addresses
 * missing from the tables (on another machine, or this is not Linux).
 */
export async function readUnreadBytes(addresses: ReadonlySet<string>): Promise<Map<string, number>> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')));
  return new Map(tables.flatMap((table) => [...unreadBytesIn(table, addresses)]));
}

const ESTABLISHED = '01';
/** The peer has closed; its earlier data can still be read. */
const CLOSE_WAIT = '08';

/** The same for one table of proc(5) net/tcp. */
export function unreadBytesIn(table: string, addresses: ReadonlySet<string>): Map<string, number> {
  const ports = new Set(Array.from(addresses, (address) => hexPort(address)));
  const unread = new Map<string, number>();
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', , state = '', queues = ''] = line.trim().split(/\s+/, 5);
    // Most sockets are not ours, and comparing ports is cheaper than converting addresses.
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
