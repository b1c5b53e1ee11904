import type { Account } from './account.ts';

/** The domains of a server that is given none. */
export const DEFAULT_DOMAINS = ['private.localhost', 'public.localhost', 'localhost'] as const;
/** The accounts that it has on each of them. */
export const DEFAULT_USERNAMES = ['opensrf', 'router'] as const;
/** Their password, which everyone knows. */
export const DEFAULT_PASSWORD = 'password';
/** The port of Jabber clients. */
export const DEFAULT_PORT = 5222;
/** The address that only programs of this machine reach. */
export const DEFAULT_HOST = '127.0.0.1';
/** The account of routers. */
export const DEFAULT_ROUTER_NAME = 'router';

/** `opensrf` and `router` with password `password` on each domain. */
export function defaultAccounts(domains: readonly string[]): Account[] {
  return domains.flatMap((domain) => DEFAULT_USERNAMES.map((username) => ({ username, domain, password: DEFAULT_PASSWORD })));
}
