import { lookup, Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { PEER_PORT, type PeerServer } from '../config/values/peers.ts';

/** Where a server listens. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

/** One record of DNS (RFC 2782). */
export interface ServiceRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** The sources of addresses. */
export interface NameSources {
  /** The text of the hosts file. */
  hosts(): string;
  /** Empty: there are none. @throws the error of DNS. */
  services(name: string): Promise<readonly ServiceRecord[]>;
  /** @throws the error of DNS. */
  addresses(name: string): Promise<readonly string[]>;
}

/** Node does not show how long an SRV record is valid. */
const VALID_MS = 60_000;
const DNS_MS = 2_000;

/** Those of this machine. */
export const SYSTEM_NAMES: NameSources = {
  hosts() {
    try {
      return readFileSync('/etc/hosts', 'utf8');
    } catch {
      return '';
    }
  },
  async services(name) {
    try {
      return await new Resolver({ timeout: DNS_MS, tries: 1 }).resolveSrv(name);
    } catch {
      return [];
    }
  },
  addresses: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};

/** Finds the addresses of peer servers: as configured; else in /etc/hosts, which OpenSRF sites use; else by DNS (RFC 6120 §3.2). */
export class Addresses {
  private readonly sources: NameSources;
  private readonly now: () => number;
  private readonly random: () => number;
  private readonly known = new Map<string, { readonly until: number; readonly addresses: Promise<readonly PeerAddress[]> }>();

  constructor(sources: NameSources, now: () => number, random: () => number = Math.random) {
    this.sources = sources;
    this.now = now;
    this.random = random;
  }

  /** The addresses of a peer, in the order in which to try them; empty: it has none. */
  of(peer: PeerServer): Promise<readonly PeerAddress[]> {
    const { domain } = peer;
    const known = this.known.get(domain);
    if (known !== undefined && known.until > this.now()) return known.addresses;
    const addresses = this.find(peer);
    this.known.set(domain, { until: this.now() + VALID_MS, addresses });
    return addresses;
  }

  /** Asks again next time. */
  forget(domain: string): void {
    this.known.delete(domain);
  }

  private async find({ domain, host, port }: PeerServer): Promise<readonly PeerAddress[]> {
    if (host !== '') return await this.ofName(host, port);
    const listed = this.inHostsFile(domain);
    if (listed.length > 0) return listed.map((address) => ({ host: address, port: PEER_PORT }));
    const records = await this.sources.services(`_xmpp-server._tcp.${domain}`);
    if (records.length === 0) return await this.ofName(domain, PEER_PORT);
    // RFC 6120 §3.2.1: the target "." says that there is no such service.
    const targets = this.inOrder(records).filter(({ name }) => name !== '' && name !== '.');
    return (await Promise.all(targets.map((record) => this.ofName(record.name, record.port)))).flat();
  }

  private async ofName(name: string, port: number): Promise<readonly PeerAddress[]> {
    if (isIP(name) !== 0) return [{ host: name, port }];
    const listed = this.inHostsFile(name);
    if (listed.length > 0) return listed.map((host) => ({ host, port }));
    try {
      return (await this.sources.addresses(name)).map((host) => ({ host, port }));
    } catch {
      return [];
    }
  }

  private inHostsFile(name: string): string[] {
    const lines = this.sources.hosts().split('\n');
    const entries = lines.map((line) => (line.split('#', 1)[0] as string).trim().split(/\s+/));
    return entries.flatMap(([address = '', ...names]) => (isIP(address) !== 0 && names.some((one) => one.toLowerCase() === name) ? [address] : []));
  }

  /** By priority, then by weighted chance. */
  private inOrder(records: readonly ServiceRecord[]): ServiceRecord[] {
    const chances = new Map(records.map((record) => [record, this.random() ** (1 / Math.max(record.weight, 0.01))]));
    return [...records].sort((a, b) => a.priority - b.priority || (chances.get(b) ?? 0) - (chances.get(a) ?? 0));
  }
}
