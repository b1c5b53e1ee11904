import { normalizeDomain } from '../../../shared/jid.ts';

/**
 * The user name of an authentication identity on a domain's stream. Some clients send `user@domain`, which is unambiguous, because a user name contains no `@`; an
 * address of another domain is not an account here.
 */
export function usernameOf(identity: string, domain: string): string {
  const at = identity.indexOf('@');
  return at !== -1 && normalizeDomain(identity.slice(at + 1)) === domain ? identity.slice(0, at) : identity;
}

/**
 * Whether an authorization identity is the client's own account (RFC 6120 §6.3.8): its address, whose domain is compared
 * without case, or the bare user name that some clients send.
 */
export function isOwnIdentity(authzid: string, username: string, domain: string): boolean {
  return authzid === '' || usernameOf(authzid, domain) === username;
}
