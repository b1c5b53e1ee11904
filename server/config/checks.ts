import { isLoopback } from '../kernel/loopback.ts';
import type { Account } from './account.ts';
import { DEFAULT_HOST, DEFAULT_PASSWORD } from './defaults.ts';
import type { Problems } from './problem.ts';

// Checks of settings against one another. The type of each setting has checked its value by itself.

/** Reports addresses that other machines reach while an account has the password that everyone knows. */
export function checkExposure(hosts: readonly string[], accounts: readonly Account[], problems: Problems): void {
  const reachable = hosts.filter((host) => !isLoopback(host));
  const known = new Set(accounts.filter(({ password }) => password === DEFAULT_PASSWORD).map(({ username }) => username));
  if (reachable.length === 0 || known.size === 0) return;
  const who = `${[...known].join(' and ')} ${known.size === 1 ? 'has' : 'have'}`;
  problems.add('hosts', `other machines may reach ${reachable.join(', ')}, and ${who} the default password: ${EXPOSURE_REMEDY}`, reachable[0]);
}

const EXPOSURE_REMEDY = `set others (--user NAME:PASSWORD, or the file of --config), listen on ${DEFAULT_HOST}, or say --insecure`;

/** Reports accounts of other domains. */
export function checkAccounts(accounts: readonly Account[], domains: readonly string[], problems: Problems): void {
  for (const account of accounts) {
    const { username, domain } = account;
    if (!domains.includes(domain)) problems.add('accounts', `${username}@${domain}: ${notServed(domain, domains)}`, account);
  }
}

/** Reports domains that are not served, of a setting that lists such. */
export function checkServed(path: string, listed: readonly string[], domains: readonly string[], problems: Problems): void {
  for (const domain of listed) if (!domains.includes(domain)) problems.add(path, notServed(domain, domains), domain);
}

/** Says that a domain is not served, and which are. */
export function notServed(domain: string, domains: readonly string[]): string {
  return `${domain} is not a served domain (${domains.join(', ')})`;
}
