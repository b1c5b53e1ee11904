import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hasIpv4Loopback, isLoopback } from '../../kernel/loopback.ts';

/** Addresses to listen on, so that programs that connect to the host of their domain reach the server. */
export interface DomainAddresses {
  /** Loopback addresses of this machine. */
  readonly hosts: readonly string[];
  /** Domains without a loopback address in the file. */
  readonly missing: readonly string[];
  /** Domains that are addresses outside the loopback interface. */
  readonly notLoopback: readonly string[];
}

/** The machine's properties, replaceable in tests. */
export interface Surroundings {
  readonly hostsFile?: string;
  /** Whether the loopback interface has an IPv4 address. */
  readonly ipv4?: boolean;
}

const IPV4 = '127.0.0.1';
const IPV6 = '::1';
const HOSTS_FILE = '/etc/hosts';

/**
 * Finds the loopback addresses of names in /etc/hosts, where OpenSRF's installation guide puts them.
 * Does not ask a resolver: a start must not wait for a silent name server.
 */
export function domainAddresses(domains: readonly string[], { hostsFile = HOSTS_FILE, ipv4 = hasIpv4Loopback() }: Surroundings = {}): DomainAddresses {
  const literals = domains.flatMap((domain) => addressLiteral(domain) ?? []);
  const loopback = literals.filter((address) => isLoopback(address));
  const notLoopback = domains.filter((domain) => !isLoopback(addressLiteral(domain) ?? IPV4));
  const names = domains.filter((domain) => addressLiteral(domain) === null);
  if (!ipv4) return { hosts: unique([...loopback.filter((address) => isIP(address) === 6), IPV6]), missing: [], notLoopback };
  const known = addressesByName(hostsFile);
  const missing = names.filter((name) => name !== 'localhost' && !known.has(name));
  const found = [...loopback, ...names.flatMap((name) => known.get(name) ?? (name === 'localhost' ? [IPV4] : []))];
  return { hosts: unique(missing.length > 0 || found.length === 0 ? [...found, IPV4] : found), missing, notLoopback };
}

/** The address that a domain's programs connect to. */
export function addressOf(domain: string): string {
  return addressLiteral(domain) ?? (domainAddresses([domain]).hosts[0] as string);
}

/** The address of a domain that is a literal address: `127.0.0.2`, `::1` or `[::1]`; null for a name. */
export function addressLiteral(domain: string): string | null {
  const bare = domain.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? null : bare;
}

/** The IPv4 loopback addresses in a hosts file, by name: OpenSRF's libraries resolve no others. */
export function addressesByName(file = HOSTS_FILE): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of readHosts(file).split('\n')) {
    const [address, ...aliases] = (line.split('#', 1)[0] as string).trim().split(/\s+/);
    if (address === undefined || isIP(address) !== 4 || !isLoopback(address)) continue;
    for (const alias of aliases) names.set(alias.toLowerCase(), [...(names.get(alias.toLowerCase()) ?? []), address]);
  }
  return names;
}

function readHosts(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function unique(addresses: readonly string[]): string[] {
  return [...new Set(addresses)];
}
