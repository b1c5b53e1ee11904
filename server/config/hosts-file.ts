import { readFileSync } from 'node:fs';

/** Where to listen so that programs which connect to the host their domain names reach us. */
export interface DomainAddresses {
  /** IPv4 loopback addresses: OpenSRF's libraries resolve no others. */
  readonly hosts: readonly string[];
  /** Domains that have no loopback address in the file. */
  readonly missing: readonly string[];
}

const FALLBACK = '127.0.0.1';
const HOSTS_FILE = '/etc/hosts';

/**
 * Looks the domains up in /etc/hosts, where OpenSRF's installation guide puts them.
 * Not by a resolver: a start may not wait for a name server that does not answer.
 */
export function domainAddresses(domains: readonly string[], file = HOSTS_FILE): DomainAddresses {
  const known = loopbackNames(readHosts(file));
  const missing = domains.filter((domain) => domain !== 'localhost' && !known.has(domain));
  const found = domains.flatMap((domain) => known.get(domain) ?? (domain === 'localhost' ? [FALLBACK] : []));
  return { hosts: [...new Set(missing.length > 0 ? [...found, FALLBACK] : found)], missing };
}

function readHosts(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function loopbackNames(hosts: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const line of hosts.split('\n')) {
    const [address, ...aliases] = (line.split('#', 1)[0] as string).trim().split(/\s+/);
    if (address === undefined || !/^127\.\d+\.\d+\.\d+$/.test(address)) continue;
    for (const alias of aliases) names.set(alias.toLowerCase(), [...(names.get(alias.toLowerCase()) ?? []), address]);
  }
  return names;
}
