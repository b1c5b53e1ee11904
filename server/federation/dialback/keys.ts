import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { DomainPair } from './element.ts';

/** Dialback keys (XEP-0185 §3). A domain contains no blank, so the blanks keep the three parts apart. */
export class DialbackKeys {
  private readonly secret: string;

  constructor(secret: string = randomBytes(32).toString('hex')) {
    this.secret = createHash('sha256').update(secret).digest('hex');
  }

  /** The key of a pair on a stream. @param streamId Given by the receiving server. */
  of({ sender, target }: DomainPair, streamId: string): string {
    return createHmac('sha256', this.secret).update(`${target} ${sender} ${streamId}`).digest('hex');
  }

  /** Whether a key is {@link of} that pair on that stream. */
  match(pair: DomainPair, streamId: string, key: string): boolean {
    const own = Buffer.from(this.of(pair, streamId));
    const given = Buffer.from(key);
    return given.length === own.length && timingSafeEqual(given, own);
  }
}
