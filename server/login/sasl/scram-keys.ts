import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Account } from '../../config/account.ts';
import { setImmediate } from '../../kernel/native.ts';
import type { Accounts } from '../accounts.ts';
import { saslprep } from './saslprep.ts';

/** The hash functions of SCRAM (RFC 5802, RFC 7677), by Node's name for them. */
export type ScramHash = 'sha1' | 'sha256';

/** The keys of one user (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** The part that the server sends before the proof, without deriving keys, which takes some milliseconds. */
export type ScramSalt = Pick<ScramKeys, 'salt' | 'iterations'>;

/** The source of an exchange's keys. */
export interface ScramKeySource {
  saltOf(username: string, domain: string, hash: ScramHash): ScramSalt;
  /** The keys of a user; for an unknown user, keys that match no proof. */
  keysOf(username: string, domain: string, hash: ScramHash): ScramKeys;
}

/** The minimum of both RFCs (RFC 7677 §4). More would not help: a server that also accepts digests knows the passwords. */
const ITERATIONS = 4096;

const SALT_BYTES = 16;

/**
 * SCRAM keys of accounts. Deriving them takes milliseconds, so the server derives them once for all accounts, one per turn of the event loop, after the first request
 * for a salt. So checking a proof takes the same time for every user; an unknown user gets keys that match no password, and invented names
 * cause no derivation.
 */
export class AccountScramKeys implements ScramKeySource {
  private readonly accounts: Accounts;
  private readonly derive: typeof deriveKeys;
  private readonly soon: (action: () => void) => void;
  private readonly secret = randomBytes(32);
  private readonly keys: Readonly<Record<ScramHash, WeakMap<Account, ScramKeys>>> = { sha1: new WeakMap(), sha256: new WeakMap() };
  /** The accounts whose keys are derived or being derived. A reload replaces them. */
  private readonly prepared: Record<ScramHash, readonly Account[]> = { sha1: [], sha256: [] };

  /** @param derive For tests. @param soon Calls an action in a later turn. */
  constructor(accounts: Accounts, derive = deriveKeys, soon: (action: () => void) => void = setImmediate) {
    this.accounts = accounts;
    this.derive = derive;
    this.soon = soon;
  }

  saltOf(username: string, domain: string, hash: ScramHash): ScramSalt {
    this.prepare(hash);
    return this.saltFor(username, domain, hash);
  }

  keysOf(username: string, domain: string, hash: ScramHash): ScramKeys {
    const account = this.accounts.find(username, domain);
    const nobodys = this.keysOfNobody(username, domain, hash);
    return account === undefined ? nobodys : this.keysOfAccount(account, hash);
  }

  private prepare(hash: ScramHash): void {
    const { all } = this.accounts;
    if (this.prepared[hash] === all) return;
    this.prepared[hash] = all;
    let next = 0;
    const prepareNext = () => {
      const account = all[next++];
      if (account === undefined || this.accounts.all !== all) return;
      this.keysOfAccount(account, hash);
      this.soon(prepareNext);
    };
    this.soon(prepareNext);
  }

  private keysOfAccount(account: Account, hash: ScramHash): ScramKeys {
    const { username, domain, password } = account;
    const known = this.keys[hash].get(account);
    if (known !== undefined) return known;
    const { salt, iterations } = this.saltFor(username, domain, hash);
    const keys = this.derive(password, salt, iterations, hash);
    this.keys[hash].set(account, keys);
    return keys;
  }

  private keysOfNobody(username: string, domain: string, hash: ScramHash): ScramKeys {
    const { salt, iterations } = this.saltFor(username, domain, hash);
    return {
      salt,
      iterations,
      storedKey: hmac(hash, this.secret, `stored ${username}@${domain}`),
      serverKey: hmac(hash, this.secret, `${username}@${domain}`),
    };
  }

  /** A salt that stays the same while the server runs. */
  private saltFor(username: string, domain: string, hash: ScramHash): ScramSalt {
    const salt = createHmac('sha256', this.secret).update(`${hash} ${username}@${domain}`).digest().subarray(0, SALT_BYTES);
    return { salt, iterations: ITERATIONS };
  }
}

/** RFC 5802 §3. Takes some milliseconds of the event loop. */
export function deriveKeys(password: string, salt: Buffer, iterations: number, hash: ScramHash): ScramKeys {
  const length = hash === 'sha1' ? 20 : 32;
  const salted = pbkdf2Sync(saslprep(password), salt, iterations, length, hash);
  const clientKey = hmac(hash, salted, 'Client Key');
  return { salt, iterations, storedKey: createHash(hash).update(clientKey).digest(), serverKey: hmac(hash, salted, 'Server Key') };
}

export function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}
