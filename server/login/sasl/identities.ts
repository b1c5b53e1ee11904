import { normalizeDomain } from '../../../shared/jid.ts';

/**
 * The user name that an authentication identity means on a stream of a domain. Some clients write `user@domain`; no user name has an `@` in it, so that is not
 * ambiguous, and an address of another domain names no account here.
 */
export function usernameOf(identity: string, domain: string): string {
  const at = identity.indexOf('@');
  return at !== -1 && normalizeDomain(identity.slice(at + 1)) === domain ? identity.slice(0, at) : identity;
}

/**
 * Whether a client may act as the authorization identity it asks for: only as its own account (RFC 6120 §6.3.8). That is an address, whose domain is compared
 * without case; some clients write the bare user name.
 */
export function isOwnIdentity(authzid: string, username: string, domain: string): boolean {
  return authzid === '' || usernameOf(authzid, domain) === username;
}
