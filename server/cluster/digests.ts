import { createHash, scryptSync } from 'node:crypto';
import { type ChopChopConfig, routerName } from '../config/config.ts';
import type { Trust } from '../config/values/trust.ts';

/** 32 bits: a beat stays short, and too many passwords have the same digest to find one by it. */
const DIGEST_BYTES = 4;
/** About 10 ms, once at the start and at each reload. */
const COST = 4_096;

/**
 * Digests of the settings that all members of a cluster must share, by part: domains, accounts with their passwords, names of routers, trust, and the
 * peer servers with the secret of dialback, but for their addresses, which may differ from host to host. The same passwords have other digests in a cluster of another name.
 */
export function configDigests({
  router,
  cluster,
  ...config
}: Pick<ChopChopConfig, 'domains' | 'accounts' | 'router' | 'cluster' | 's2s'>): Readonly<Record<string, string>> {
  const domains = [...config.domains].sort();
  const accounts = config.accounts.map(({ username, domain, password }) => [domain, username, password].join('\0')).sort();
  const trust = [router.trustedServers, router.trustedClients].flatMap((which) => domains.map((domain) => trustedBy(which, domain, domains)));
  const slowly = (text: string) => scryptSync(text, `opensrf-chopchop ${cluster?.name ?? ''}`, DIGEST_BYTES, { N: COST }).toString('hex');
  const peers = config.s2s.peers.map(({ domain, auth, tls, router: isTrusted }) => [domain, auth, tls, isTrusted].join(' ')).sort();
  return {
    domains: digest(domains),
    accounts: slowly(accounts.join('\n')),
    routers: digest(domains.map((domain) => routerName(router, domain))),
    trust: digest(trust),
    // Members of earlier versions know no such part.
    ...(peers.length > 0 && { peers: slowly([config.s2s.secret, ...peers].join('\n')) }),
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
