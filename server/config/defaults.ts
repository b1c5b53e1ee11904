import type { Account } from './account.ts';

/** The default domains. */
export const DEFAULT_DOMAINS = ['private.localhost', 'public.localhost', 'localhost'] as const;
/** The default accounts on each domain. */
export const DEFAULT_USERNAMES = ['opensrf', 'router'] as const;
/** Their well-known password. */
export const DEFAULT_PASSWORD = 'password';
/** The port of Jabber clients. */
export const DEFAULT_PORT = 5222;
/** The loopback address. */
export const DEFAULT_HOST = '127.0.0.1';
/** The account of routers. */
export const DEFAULT_ROUTER_NAME = 'router';

/** `opensrf` and `router` with password `password` on each domain. */
export function defaultAccounts(domains: readonly string[]): Account[] {
  return domains.flatMap((domain) => DEFAULT_USERNAMES.map((username) => ({ username, domain, password: DEFAULT_PASSWORD })));
}
