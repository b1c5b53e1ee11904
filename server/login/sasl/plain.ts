import type { Accounts } from '../accounts.ts';

/** The SASL failures of RFC 6120 §6.5 that a PLAIN exchange can end in. */
export type SaslFailure = 'incorrect-encoding' | 'invalid-authzid' | 'malformed-request' | 'not-authorized';

/** Whom the client proved to be, or why not. */
export type SaslOutcome = { readonly username: string } | { readonly failure: SaslFailure };

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Checks the initial response of PLAIN: authzid NUL authcid NUL password, in base64 (RFC 4616 §2). */
export function saslPlain(response: string, domain: string, accounts: Accounts): SaslOutcome {
  if (!BASE64.test(response)) return { failure: 'incorrect-encoding' };
  const [authzid, username, password, ...more] = Buffer.from(response, 'base64').toString('utf8').split('\0');
  if (authzid === undefined || username === undefined || password === undefined || more.length > 0) return { failure: 'malformed-request' };
  if (authzid !== '' && authzid !== `${username}@${domain}`) return { failure: 'invalid-authzid' };
  return accounts.checkPassword(username, domain, password) ? { username } : { failure: 'not-authorized' };
}
