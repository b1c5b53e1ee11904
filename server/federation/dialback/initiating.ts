import { type DialbackElement, type DialbackOutcome, type DomainPair, pairKey, requestXml } from './element.ts';
import type { DialbackKeys } from './keys.ts';

/** The stream and the server of {@link InitiatingPairs}. */
export interface InitiatingSide {
  readonly keys: DialbackKeys;
  write(xml: string): void;
  /** The peer takes stanzas of that pair from now on. */
  opened(pair: DomainPair): void;
  /** @param outcome `invalid`, or `error`: the stream and its other pairs live on. */
  failed(pair: DomainPair, outcome: 'invalid' | 'error'): void;
}

/** The pairs of domains of an outgoing stream: this server initiates (XEP-0220 §2.1), and sends the verifications of other streams on it. */
export class InitiatingPairs {
  private readonly side: InitiatingSide;
  /** The id that the peer gave the stream. */
  private readonly streamId: string;
  private readonly states = new Map<string, 'asked' | 'open'>();
  /** Verifications without an answer, by pair and stream. */
  private readonly verifications = new Map<string, (outcome: DialbackOutcome) => void>();

  constructor(streamId: string, side: InitiatingSide) {
    this.streamId = streamId;
    this.side = side;
  }

  /** All pairs and their states, for another process. */
  save(): [key: string, state: 'asked' | 'open'][] {
    return [...this.states];
  }

  /** Goes on with those of another process. */
  restore(states: readonly (readonly [key: string, state: 'asked' | 'open'])[]): void {
    for (const [key, state] of states) this.states.set(key, state);
  }

  /** Asks the peer to take stanzas of a pair. */
  ask(pair: DomainPair): void {
    const key = pairKey(pair.sender, pair.target);
    if (this.states.has(key)) return;
    this.states.set(key, 'asked');
    this.side.write(requestXml('result', pair.sender, pair.target, '', this.side.keys.of(pair, this.streamId)));
  }

  /** Opens a pair that the peer has accepted in another way. */
  add(pair: DomainPair): void {
    this.states.set(pairKey(pair.sender, pair.target), 'open');
    this.side.opened(pair);
  }

  /** Asks the peer whether a key is its own. @param streamId That of the incoming stream. @param decided Called once. */
  verify(pair: DomainPair, streamId: string, key: string, decided: (outcome: DialbackOutcome) => void): void {
    this.verifications.set(`${pairKey(pair.sender, pair.target)} ${streamId}`, decided);
    this.side.write(requestXml('verify', pair.target, pair.sender, streamId, key));
  }

  /** Whether the peer is verifying a key of this stream. */
  awaits({ sender, target }: DomainPair, streamId: string): boolean {
    return streamId === this.streamId && this.states.get(pairKey(sender, target)) === 'asked';
  }

  /** Reads an answer. @returns false if it answers no request of this stream, and is ignored. */
  read({ name, type, from, to, id }: DialbackElement): boolean {
    if (type === '') return false;
    const pair = { sender: to, target: from };
    return name === 'result' ? this.resultRead(pair, type) : this.verifyRead(`${pairKey(from, to)} ${id}`, type);
  }

  /** Another process asks again: the verifications of this one stay undecided. */
  abandon(): void {
    this.verifications.clear();
  }

  /** The stream has ended: its verifications fail. */
  end(): void {
    const all = [...this.verifications.values()];
    this.verifications.clear();
    for (const decided of all) decided('remote-connection-failed');
  }

  private resultRead(pair: DomainPair, type: 'valid' | 'invalid' | 'error'): boolean {
    const key = pairKey(pair.sender, pair.target);
    if (this.states.get(key) !== 'asked') return false;
    this.states.delete(key);
    if (type === 'valid') this.add(pair);
    else this.side.failed(pair, type);
    return true;
  }

  private verifyRead(key: string, type: 'valid' | 'invalid' | 'error'): boolean {
    const decided = this.verifications.get(key);
    if (decided === undefined) return false;
    this.verifications.delete(key);
    decided(type === 'error' ? 'remote-server-not-found' : type);
    return true;
  }
}
