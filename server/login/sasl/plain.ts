import type { Accounts } from '../accounts.ts';
import { isOwnIdentity, usernameOf } from './identities.ts';
import { failure, type SaslContext, type SaslExchange, type SaslMechanism, type SaslStep } from './mechanism.ts';

/** PLAIN (RFC 4616). */
export class PlainMechanism implements SaslMechanism {
  readonly name = 'PLAIN';
  readonly plaintext = true;
  readonly bound = false;
  private readonly accounts: Accounts;

  constructor(accounts: Accounts) {
    this.accounts = accounts;
  }

  begin({ domain }: SaslContext): SaslExchange {
    return { respond: (response) => this.check(response, domain) };
  }

  /** RFC 4616 §2: authzid NUL authcid NUL password. */
  private check(response: Buffer, domain: string): SaslStep {
    const [authzid, authcid, password, ...more] = response.toString('utf8').split('\0');
    if (authzid === undefined || authcid === undefined || password === undefined || more.length > 0) return failure('malformed-request');
    const username = usernameOf(authcid, domain);
    if (!isOwnIdentity(authzid, username, domain)) return failure('invalid-authzid', username);
    return this.accounts.checkPassword(username, domain, password) ? { kind: 'success', username, text: '' } : failure('not-authorized', username);
  }
}
