import { createHash, scryptSync } from 'node:crypto';
import { type ChopChopConfig, routerName } from '../config/config.ts';
import type { Trust } from '../config/values/trust.ts';

/** 32 bits: a beat stays short, and too many passwords have the same digest to find one by it. */
const DIGEST_BYTES = 4;
/** About 10 ms, once at the start and at each reload. */
const COST = 4_096;

/**
 * Digests of the settings that all members of a cluster must share, by part: domains, accounts with their passwords, names of routers, trust.
 * The same passwords have other digests in a cluster of another name.
 */
export function configDigests({
  router,
  cluster,
  ...config
}: Pick<ChopChopConfig, 'domains' | 'accounts' | 'router' | 'cluster'>): Readonly<Record<string, string>> {
  const domains = [...config.domains].sort();
  const accounts = config.accounts.map(({ username, domain, password }) => [domain, username, password].join('\0')).sort();
  const trust = [router.trustedServers, router.trustedClients].flatMap((which) => domains.map((domain) => trustedBy(which, domain, domains)));
  return {
    domains: digest(domains),
    accounts: scryptSync(accounts.join('\n'), `opensrf-chopchop ${cluster?.name ?? ''}`, DIGEST_BYTES, { N: COST }).toString('hex'),
    routers: digest(domains.map((domain) => routerName(router, domain))),
    trust: digest(trust),
  };
}

function digest(texts: readonly string[]): string {
  return createHash('sha256')
    .update(texts.join('\n'))
    .digest('hex')
    .slice(0, 2 * DIGEST_BYTES);
}

function trustedBy(trust: Trust, router: string, served: readonly string[]): string {
  return [...new Set(trust.get(router) ?? served)].sort().join(' ');
}
