import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DomainPair } from './element.ts';

/** Dialback keys (XEP-0185 §3). A domain contains no blank, so the blanks keep the three parts apart. */
export class DialbackKeys {
  /** SHA-256 of the secret, as another process of this server needs it. */
  hash: string;

  constructor(secret: string = randomBytes(32).toString('hex')) {
    this.hash = createHash('sha256').update(secret).digest('hex');
  }

  /** The key of a pair on a stream. @param streamId Given by the receiving server. */
  of({ sender, target }: DomainPair, streamId: string): string {
    return createHmac('sha256', this.hash).update(`${target} ${sender} ${streamId}`).digest('hex');
  }

  /** Whether a key is {@link of} that pair on that stream. */
  match(pair: DomainPair, streamId: string, key: string): boolean {
    const own = Buffer.from(this.of(pair, streamId));
    const given = Buffer.from(key);
    return given.length === own.length && timingSafeEqual(given, own);
  }
}
