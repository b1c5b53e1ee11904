import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Account, Accounts } from '../accounts.ts';
import { saslprep } from './saslprep.ts';

/** The hash functions of SCRAM (RFC 5802, RFC 7677), by Node's name for them. */
export type ScramHash = 'sha1' | 'sha256';

/** What a server needs to know of one user (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What is told before the proof: deriving the keys takes some milliseconds, and is not done for who only asks. */
export type ScramSalt = Pick<ScramKeys, 'salt' | 'iterations'>;

/** Where an exchange has its keys from. */
export interface ScramKeySource {
  saltOf(username: string, domain: string, hash: ScramHash): ScramSalt;
  /** The same for a user nobody has: then keys that no proof fits. */
  keysOf(username: string, domain: string, hash: ScramHash): ScramKeys;
}

/** The least that both RFCs allow (RFC 7677 §4). More is of no use here: a server that also takes digests knows the passwords. */
const ITERATIONS = 4096;

/** Users whose keys are kept, known or not. */
const MAX_KEPT = 1024;

const SALT_BYTES = 16;

interface Kept {
  /** What they were derived for; undefined for a user nobody has. After a reload it is another one. */
  readonly account: Account | undefined;
  readonly keys: ScramKeys;
}

/**
 * SCRAM keys of accounts, derived when they are first needed.
 *
 * A user nobody has is treated as one whose password cannot be guessed, by the same steps: the salt stays the same while the server
 * runs, the first proof takes as long as the first of a known user, and the next ones as little.
 */
export class AccountScramKeys implements ScramKeySource {
  private readonly accounts: Accounts;
  private readonly maxKept: number;
  private readonly secret = randomBytes(32);
  /** By salt, which belongs to one user and one hash; the least recently used is the first. */
  private readonly kept = new Map<string, Kept>();

  constructor(accounts: Accounts, maxKept = MAX_KEPT) {
    this.accounts = accounts;
    this.maxKept = maxKept;
  }

  saltOf(username: string, domain: string, hash: ScramHash): ScramSalt {
    const salt = createHmac('sha256', this.secret).update(`${hash} ${username}@${domain}`).digest().subarray(0, SALT_BYTES);
    return { salt, iterations: ITERATIONS };
  }

  keysOf(username: string, domain: string, hash: ScramHash): ScramKeys {
    const account = this.accounts.find(username, domain);
    const { salt, iterations } = this.saltOf(username, domain, hash);
    const id = salt.toString('base64');
    const kept = this.kept.get(id);
    const keys = kept !== undefined && kept.account === account ? kept.keys : deriveKeys(account?.password ?? randomPassword(), salt, iterations, hash);
    this.keep(id, { account, keys });
    return keys;
  }

  private keep(id: string, kept: Kept): void {
    this.kept.delete(id);
    this.kept.set(id, kept);
    if (this.kept.size <= this.maxKept) return;
    const [oldest] = this.kept.keys();
    this.kept.delete(oldest as string);
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

function randomPassword(): string {
  return randomBytes(32).toString('base64');
}
