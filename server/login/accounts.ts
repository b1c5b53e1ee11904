import { createHash, timingSafeEqual } from 'node:crypto';
import type { Account } from '../config/account.ts';

/** Who may log in, by domain. Passwords are kept in clear: the legacy digest cannot be checked without. */
export class Accounts {
  /** Another list after each {@link replace}. */
  all: readonly Account[] = [];
  private byAddress: ReadonlyMap<string, Account> = new Map();

  constructor(accounts: Iterable<Account>) {
    this.replace(accounts);
  }

  /** From now on these may log in, and no others; who has logged in stays. */
  replace(accounts: Iterable<Account>): void {
    this.all = [...accounts];
    this.byAddress = new Map(this.all.map((account) => [`${account.username}@${account.domain}`, account]));
  }

  /** The account of a user; undefined where nobody has that name. */
  find(username: string, domain: string): Account | undefined {
    return this.byAddress.get(`${username}@${domain}`);
  }

  /** Whether that is the user's password. Takes the same time for a wrong one and an unknown user. */
  checkPassword(username: string, domain: string, password: string): boolean {
    const account = this.find(username, domain);
    const equal = equalInConstantTime(password, account?.password ?? '');
    return equal && account !== undefined;
  }

  /** Whether that is the hex SHA-1 of stream id and password (XEP-0078 §3.3). Takes the same time for a wrong one and an unknown user. */
  checkDigest(username: string, domain: string, streamId: string, digest: string): boolean {
    const account = this.find(username, domain);
    const expected = createHash('sha1')
      .update(streamId + (account?.password ?? ''))
      .digest('hex');
    const equal = equalInConstantTime(digest.toLowerCase(), expected);
    return equal && account !== undefined;
  }
}

// Hashed first: timingSafeEqual wants equal lengths, and a length is a secret too.
function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
