import { answerXml, type DialbackElement, type DomainPair } from './element.ts';

/** The server that has made the keys. */
export interface AuthoritativeSide {
  serves(domain: string): boolean;
  /** Whether the key is that of a pair on a stream of this server that waits for its verification. */
  isOwnKey(pair: DomainPair, streamId: string, key: string): boolean;
}

/** The answer to a `<db:verify/>` without type (XEP-0220 §2.3). Never ends the stream. */
export function verified(request: DialbackElement, side: AuthoritativeSide): string {
  const { from, to, id, key } = request;
  if (!side.serves(to)) return answerXml(request, 'item-not-found');
  return answerXml(request, side.isOwnKey({ sender: to, target: from }, id, key) ? 'valid' : 'invalid');
}
