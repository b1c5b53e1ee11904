import { isIP, isIPv6 } from 'node:net';

/**
 * The address by which a peer is counted, without its port. A peer with one IPv6 address has 2^64 of them, so only the network counts.
 * @param peer {@link Transport.peer}: `address:port`, or a name.
 */
export function addressOfPeer(peer: string): string {
  const address = peer.replace(/:\d+$/, '');
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? networkOf(address);
}

/** The first four of eight groups. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::') as [string, string?];
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - behind.length;
  return [...groups, ...Array<string>(Math.max(0, missing)).fill('0'), ...behind].slice(0, 4).join(':');
}

/** The address of a peer; `''` if it has none, as over a Unix socket. @param peer As {@link Transport.peer}. */
export function hostOfPeer(peer: string): string {
  const address = peer.replace(/:\d+$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? '' : address;
}
