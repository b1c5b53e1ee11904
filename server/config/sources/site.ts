import type { Account } from '../account.ts';
import type { ConfigInput } from '../config.ts';
import { ConfigError, inFile, type Problem } from '../problem.ts';
import type { OpensrfCore } from './opensrf-core.ts';

/**
 * Derives a server's configuration from a site's `opensrf_core.xml`: all its domains, accounts and ports, and a router for each domain with the file's trusted
 * domains.
 * @throws ConfigError if two sections contradict each other.
 */
export function siteConfig(core: OpensrfCore, file: string): ConfigInput {
  const sections = [...core.clients, ...core.routers];
  const ports = unique(sections.map(({ port }) => port).filter((port) => port > 0));
  const domains = unique(sections.map(({ domain }) => domain));
  return {
    domains,
    accounts: accountsOf(core, file),
    ...(ports.length === 0 ? {} : { ports }),
    // Like OpenSRF's C library: use the path without a port.
    unix: { paths: unique(core.clients.filter(({ port, unixPath }) => port === 0 && unixPath !== '').map(({ unixPath }) => unixPath)) },
    logProtect: core.logProtect,
    web: webOf(core),
    router: {
      names: new Map(domains.map((domain) => [domain, routerNameOf(core, domain)])),
      trustedServers: trustedOf(core, 'trustedServers'),
      trustedClients: trustedOf(core, 'trustedClients'),
    },
  };
}

function accountsOf(core: OpensrfCore, file: string): Account[] {
  const accounts = new Map<string, Account & { line: number }>();
  const problems: Problem[] = [];
  for (const { username, domain, password, line } of [...core.clients, ...core.routers]) {
    const known = accounts.get(`${username}@${domain}`);
    if (known === undefined) accounts.set(`${username}@${domain}`, { username, domain, password, line });
    else if (known.password !== password) {
      const text = `${username}@${domain} has another password here than in line ${known.line}`;
      problems.push({ place: inFile(file, line), text, fault: 'content' });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Array.from(accounts.values(), ({ username, domain, password }) => ({ username, domain, password }));
}

/** OpenSRF's own gateways log in as `<gateway>`. */
function webOf({ clients }: OpensrfCore): NonNullable<ConfigInput['web']> {
  const gateway = clients.find(({ name }) => name === 'gateway');
  if (gateway === undefined) return {};
  return { user: `${gateway.username}@${gateway.domain}`, crossOrigins: gateway.crossOrigins };
}

/** The name of a domain's router; if the file has none, the name that its clients address. */
function routerNameOf(core: OpensrfCore, domain: string): string {
  const router = core.routers.find((one) => one.domain === domain);
  return router?.username ?? core.clients.find((one) => one.domain === domain)?.routerName ?? 'router';
}

function trustedOf(core: OpensrfCore, which: 'trustedServers' | 'trustedClients'): Map<string, readonly string[]> {
  const trusted = new Map<string, readonly string[]>();
  for (const router of core.routers) trusted.set(router.domain, unique([...(trusted.get(router.domain) ?? []), ...router[which]]));
  return trusted;
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
