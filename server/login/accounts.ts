import { createHash, timingSafeEqual } from 'node:crypto';
import type { Account } from '../config/account.ts';

/** The accounts by domain. Passwords are kept in clear text, which the digest of `jabber:iq:auth` needs. */
export class Accounts {
  /** A new list after each {@link replace}. */
  all: readonly Account[] = [];
  private byAddress: ReadonlyMap<string, Account> = new Map();

  constructor(accounts: Iterable<Account>) {
    this.replace(accounts);
  }

  /** Replaces the accounts. Existing sessions stay. */
  replace(accounts: Iterable<Account>): void {
    this.all = [...accounts];
    this.byAddress = new Map(this.all.map((account) => [`${account.username}@${account.domain}`, account]));
  }

  /** The account of a user, or undefined. */
  find(username: string, domain: string): Account | undefined {
    return this.byAddress.get(`${username}@${domain}`);
  }

  /** Checks a password, in the same time for a wrong password and an unknown user. */
  checkPassword(username: string, domain: string, password: string): boolean {
    const account = this.find(username, domain);
    const equal = equalInConstantTime(password, account?.password ?? '');
    return equal && account !== undefined;
  }

  /** Checks the hex SHA-1 of stream id and password (XEP-0078 §3.3), in the same time for a wrong digest and an unknown user. */
  checkDigest(username: string, domain: string, streamId: string, digest: string): boolean {
    const account = this.find(username, domain);
    const expected = createHash('sha1')
      .update(streamId + (account?.password ?? ''))
      .digest('hex');
    const equal = equalInConstantTime(digest.toLowerCase(), expected);
    return equal && account !== undefined;
  }
}

// Hashed first: timingSafeEqual needs equal lengths, and the length is secret too.
function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
