import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** An independent client of SCRAM, written from RFC 5802 §3. */
export interface ScramFinal {
  /** The client's last message. */
  readonly message: string;
  /** The server's expected last message. */
  readonly serverFinal: string;
}

/**
 * @param first The client's first message, with its GS2 header. @param challenge The server's answer.
 * @param channel The channel binding.
 */
export function scramFinal(first: string, challenge: string, hash: string, password: string, channel: Buffer = Buffer.alloc(0)): ScramFinal {
  const [, gs2 = '', bare = ''] = /^([^,]*,[^,]*,)(.*)$/.exec(first) ?? [];
  const [, nonce = '', salt = '', iterations] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(challenge) ?? [];
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), hash === 'sha1' ? 20 : 32, hash);
  const clientKey = hmac(salted, 'Client Key');
  const withoutProof = `c=${Buffer.concat([Buffer.from(gs2), channel]).toString('base64')},r=${nonce}`;
  const authMessage = `${bare},${challenge},${withoutProof}`;
  const signature = hmac(createHash(hash).update(clientKey).digest(), authMessage);
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] as number)));
  return { message: `${withoutProof},p=${proof.toString('base64')}`, serverFinal: `v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}` };
}
