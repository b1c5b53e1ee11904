import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import proxyaddr from 'proxy-addr';

/** The client of a request, and whether it used TLS. */
export interface Sender {
  readonly address: string;
  readonly secure: boolean;
}

/** Reads the headers of trusted proxies: `Forwarded` (RFC 7239), else `X-Forwarded-For` and `-Proto`. */
export class Forwarded {
  private readonly trusts: ((address: string, hop: number) => boolean) | null;

  /** @param proxies Addresses, networks, or names of networks; empty: no proxy is trusted. */
  constructor(proxies: readonly string[]) {
    this.trusts = proxies.length === 0 ? null : proxyaddr.compile([...proxies]);
  }

  sender(request: IncomingMessage): Sender {
    const { socket, headers } = request;
    const direct = socket.remoteAddress ?? '';
    const encrypted = socket instanceof TLSSocket;
    if (this.trusts === null || !this.trusts(direct, 0)) return { address: direct, secure: encrypted };
    const standard = headers['forwarded'];
    if (standard !== undefined) return this.ofStandard(standard, direct, encrypted);
    const protocol = lastOf(String(headers['x-forwarded-proto'] ?? ''));
    return { address: proxyaddr(request, this.trusts), secure: protocol === '' ? encrypted : protocol === 'https' || protocol === 'wss' };
  }

  /** The nearest address that is not a trusted proxy's. An obfuscated identifier (RFC 7239 §6.3) ends the search. */
  private ofStandard(header: string, direct: string, encrypted: boolean): Sender {
    let address = direct;
    let secure = encrypted;
    for (const hop of header.split(',').reverse()) {
      if (this.trusts?.(address, 0) !== true) break;
      const node = addressOf(parameter(hop, 'for'));
      if (node === '') break;
      address = node;
      const protocol = parameter(hop, 'proto');
      if (protocol !== '') secure = protocol === 'https' || protocol === 'wss';
    }
    return { address, secure };
  }
}

function lastOf(list: string): string {
  return list.slice(list.lastIndexOf(',') + 1).trim();
}

function parameter(hop: string, name: string): string {
  const match = new RegExp(`(?:^|;)\\s*${name}=(?:"([^"]*)"|([^;"\\s]*))`, 'i').exec(hop);
  return match?.[1] ?? match?.[2] ?? '';
}

/** The address in `192.0.2.1`, `192.0.2.1:80` or `[2001:db8::1]:80`; `''` if there is none. */
function addressOf(node: string): string {
  const address = /^\[([^\]]*)\](?::\d+)?$/.exec(node)?.[1] ?? node.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  return isIP(address) === 0 ? '' : address;
}
