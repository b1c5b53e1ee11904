import { answerXml, type DialbackElement, type DialbackOutcome, type DialbackProblem, type DomainPair, pairKey } from './element.ts';

/** The most verifications under way for one stream. */
const MAX_WAITING = 16;

/** The stream and the server of {@link ReceivingPairs}. */
export interface ReceivingSide {
  /** The reason why no dialback is done for a pair; null: none. */
  refusal(pair: DomainPair): DialbackProblem | null;
  /** Whether the peer's certificate proves that it is that domain. */
  certified(domain: string): boolean;
  /** Asks the authoritative server of the sender domain, at its own address. @param decided Called once. */
  verify(pair: DomainPair, key: string, decided: (outcome: DialbackOutcome) => void): void;
  write(xml: string): void;
  /** A pair is open from now on. */
  opened(pair: DomainPair): void;
  /** A key was wrong: ends the stream (XEP-0220 §2.1.1). */
  forged(pair: DomainPair): void;
  refused(pair: DomainPair, problem: DialbackProblem): void;
}

/** The pairs of domains of an incoming stream: this server receives, and verifies (XEP-0220 §2.2). */
export class ReceivingPairs {
  private readonly side: ReceivingSide;
  /** The open pairs, as {@link pairKey}s. */
  private readonly opened = new Set<string>();
  /** The requests whose keys are being verified, by pair. */
  private readonly waiting = new Map<string, DialbackElement>();
  private state: 'live' | 'ended' = 'live';

  constructor(side: ReceivingSide) {
    this.side = side;
  }

  /** The open pairs, as {@link pairKey}s. */
  get open(): string[] {
    return [...this.opened];
  }

  /** The requests without an answer. */
  get undecided(): DialbackElement[] {
    return [...this.waiting.values()];
  }

  /** Goes on with the pairs of another process. */
  restore(open: readonly string[], undecided: readonly DialbackElement[]): void {
    for (const key of open) this.opened.add(key);
    for (const request of undecided) this.waiting.set(pairKey(request.from, request.to), request);
  }

  /** Has the keys of all requests without an answer verified again. */
  verifyAgain(): void {
    for (const request of this.undecided) this.verify(request);
  }

  /** Whether stanzas of one domain to the other are accepted. */
  has(sender: string, target: string): boolean {
    return this.opened.has(pairKey(sender, target));
  }

  /** Whether a domain has proved who it is. */
  knows(sender: string): boolean {
    return this.open.some((key) => key.startsWith(`${sender} `));
  }

  /** The domains that one may send stanzas to. */
  targetsOf(sender: string): string[] {
    return this.open.flatMap((key) => (key.startsWith(`${sender} `) ? [key.slice(sender.length + 1)] : []));
  }

  /** Opens a pair whose sender has authenticated in another way. */
  add(pair: DomainPair): void {
    this.opened.add(pairKey(pair.sender, pair.target));
    this.side.opened(pair);
  }

  /** Reads a `<db:result/>` without type. @returns false if it is ignored. */
  read(request: DialbackElement): boolean {
    const pair = { sender: request.from, target: request.to };
    const key = pairKey(pair.sender, pair.target);
    if (this.waiting.has(key)) return false;
    if (this.opened.has(key)) {
      this.side.write(answerXml(request, 'valid'));
      return true;
    }
    const problem = this.side.refusal(pair) ?? (this.waiting.size >= MAX_WAITING ? 'resource-constraint' : null);
    if (problem !== null) this.decided(request, problem);
    else if (this.side.certified(pair.sender)) this.decided(request, 'valid');
    else this.verify(request);
    return true;
  }

  /** Answers are ignored from now on. */
  end(): void {
    this.state = 'ended';
  }

  private verify(request: DialbackElement): void {
    const pair = { sender: request.from, target: request.to };
    const key = pairKey(pair.sender, pair.target);
    this.waiting.set(key, request);
    // A key that is verified again has two answers; the first one counts.
    this.side.verify(pair, request.key, (outcome) => {
      if (this.waiting.get(key) !== request) return;
      this.waiting.delete(key);
      this.decided(request, outcome);
    });
  }

  private decided(request: DialbackElement, outcome: DialbackOutcome): void {
    if (this.state === 'ended') return;
    const pair = { sender: request.from, target: request.to };
    this.side.write(answerXml(request, outcome));
    if (outcome === 'valid') this.add(pair);
    else if (outcome === 'invalid') this.side.forged(pair);
    else this.side.refused(pair, outcome);
  }
}
