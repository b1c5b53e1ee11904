import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isOwnIdentity, usernameOf } from './identities.ts';
import { failure, type SaslContext, type SaslExchange, type SaslMechanism, type SaslStep } from './mechanism.ts';
import { hmac, type ScramHash, type ScramKeySource } from './scram-keys.ts';
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-message.ts';

const NAMES: Record<ScramHash, string> = { sha1: 'SCRAM-SHA-1', sha256: 'SCRAM-SHA-256' };

const WRONG_BINDING = 'wrong nonce or channel binding';

/** An unpredictable nonce; printable, and without a comma. */
function randomNonce(): string {
  return randomBytes(18).toString('base64');
}

/** SCRAM (RFC 5802, RFC 7677): both sides prove that they know the password without sending it. */
export class ScramMechanism implements SaslMechanism {
  readonly name: string;
  readonly plaintext = false;
  readonly bound: boolean;
  readonly hash: ScramHash;
  readonly keys: ScramKeySource;
  readonly nonce: () => string;

  /** @param bound Whether it is the `-PLUS` one, bound to the TLS channel. @param nonce For tests. */
  constructor(hash: ScramHash, bound: boolean, keys: ScramKeySource, nonce: () => string = randomNonce) {
    this.name = NAMES[hash] + (bound ? '-PLUS' : '');
    this.bound = bound;
    this.hash = hash;
    this.keys = keys;
    this.nonce = nonce;
  }

  begin(context: SaslContext): SaslExchange {
    return new ScramExchange(this, context);
  }
}

/** The exchange after the client's first message. */
interface Begun {
  readonly first: ClientFirst;
  /** The user of {@link ClientFirst.authcid}. */
  readonly username: string;
  readonly nonce: string;
  readonly serverFirst: string;
}

class ScramExchange implements SaslExchange {
  private readonly mechanism: ScramMechanism;
  private readonly context: SaslContext;
  private begun: Begun | null = null;

  constructor(mechanism: ScramMechanism, context: SaslContext) {
    this.mechanism = mechanism;
    this.context = context;
  }

  respond(response: Buffer): SaslStep {
    const text = response.toString('utf8');
    return this.begun === null ? this.challenge(text) : this.verify(text, this.begun);
  }

  private challenge(text: string): SaslStep {
    const first = parseClientFirst(text);
    if (first === null) return failure('malformed-request');
    const { domain } = this.context;
    const username = usernameOf(first.authcid, domain);
    if (!this.mayBind(first)) return failure('not-authorized', username, WRONG_BINDING);
    if (!isOwnIdentity(first.authzid, username, domain)) return failure('invalid-authzid', username);
    const { hash, keys } = this.mechanism;
    const nonce = first.nonce + this.mechanism.nonce();
    const { salt, iterations } = keys.saltOf(username, domain, hash);
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
    this.begun = { first, username, nonce, serverFirst };
    return { kind: 'challenge', text: serverFirst };
  }

  /** RFC 5802 §6. */
  private mayBind({ binding }: ClientFirst): boolean {
    const { channelBindings } = this.context;
    if (binding.flag === 'p') return this.mechanism.bound && channelBindings.has(binding.type);
    if (this.mechanism.bound) return false;
    // A client that believes that the server offers no binding, although it does, is the victim of a downgrade attack.
    return binding.flag === 'n' || channelBindings.size === 0;
  }

  private verify(text: string, { first, username, nonce, serverFirst }: Begun): SaslStep {
    const final = parseClientFinal(text);
    if (final === null) return failure('malformed-request', username);
    const { hash, keys } = this.mechanism;
    const { storedKey, serverKey } = keys.keysOf(username, this.context.domain, hash);
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
    const clientKey = exclusiveOr(final.proof, hmac(hash, storedKey, authMessage));
    const proved = timingSafeEqual(createHash(hash).update(clientKey).digest(), storedKey);
    if (!proved) return failure('not-authorized', username);
    if (final.nonce !== nonce || !final.channel.equals(this.expectedChannel(first))) return failure('not-authorized', username, WRONG_BINDING);
    return { kind: 'success', username, text: `v=${hmac(hash, serverKey, authMessage).toString('base64')}` };
  }

  private expectedChannel({ gs2Header, binding }: ClientFirst): Buffer {
    const header = Buffer.from(gs2Header);
    const channel = binding.flag === 'p' ? this.context.channelBindings.get(binding.type) : undefined;
    return channel === undefined ? header : Buffer.concat([header, channel]);
  }
}

/** Compares equal lengths only; a proof of another length is wrong anyway. */
function exclusiveOr(proof: Buffer, signature: Buffer): Buffer {
  const wrongLength = proof.length === signature.length ? 0 : 1;
  return Buffer.from(signature.map((byte, index) => byte ^ (proof[index] ?? 0) ^ wrongLength));
}
