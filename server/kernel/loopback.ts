import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether an address, of the server or a peer, is a loopback address. Of names, only `localhost` counts. */
export function isLoopback(host: string): boolean {
  switch (isIP(host)) {
    case 4:
      return LOOPBACK.check(host, 'ipv4');
    case 6:
      // ::ffff:127.0.0.1 included.
      return LOOPBACK.check(host, 'ipv6');
    default:
      return host.toLowerCase() === 'localhost';
  }
}

/** Whether an address belongs to this machine. */
export function isOwnAddress(address: string): boolean {
  return isLoopback(address) || interfaceAddresses().some((own) => own.address === address);
}

/** Whether the loopback interface has an IPv4 address, without which no program can connect to 127.0.0.1. */
export function hasIpv4Loopback(): boolean {
  return interfaceAddresses().some(({ family, internal }) => family === 'IPv4' && internal);
}

function interfaceAddresses() {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}
