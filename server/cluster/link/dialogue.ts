import { headerEnd, type PacketKind } from './packet.ts';

/** The questions and answers in the headers of packets to another member, of all epochs. */
export class Dialogue {
  /** Milliseconds from a question to its answer; 0: not measured yet. */
  roundTripMs = 0;
  /** Whether the next packet must not wait for frames. */
  due = false;
  /** When the last question was asked. */
  askedAt = 0;
  /** The number of the last question. */
  ask = 0;
  private mustAsk = false;
  private answer = 0;
  private kind: PacketKind = 'plain';
  /** The least answer that ends the fence; 0: there is none. */
  private fence = 0;

  /** Whether batches are dropped, because the other member may have given this one up, and they may be from before. */
  get fenced(): boolean {
    return this.fence > 0;
  }

  /** Asks for a packet. */
  question(now: number): void {
    this.ask++;
    this.askedAt = now;
    this.mustAsk = true;
    this.due = true;
  }

  /** Drops batches until the other member answers in this epoch. */
  raiseFence(now: number): void {
    this.question(now);
    this.fence = this.ask;
  }

  /** A new epoch has begun: what is older is refused by its number. */
  removeFence(): void {
    this.fence = 0;
  }

  reply(ask: number): void {
    this.answer = ask;
    this.due = true;
  }

  answered(answer: number, now: number): void {
    if (answer === this.ask) this.roundTripMs = now - this.askedAt;
    if (!this.fenced || answer < this.fence) return;
    this.fence = 0;
    // Batches may have been dropped meanwhile.
    this.say('resend');
  }

  /** Makes the next packet one of a kind. */
  say(kind: PacketKind): void {
    this.kind = kind;
    this.due = true;
  }

  /** Writes the end of the next packet's header, which has everything that is due. */
  header(number: number, acknowledged: number): string {
    const { kind, answer } = this;
    const ask = this.mustAsk ? this.ask : 0;
    this.mustAsk = false;
    this.due = false;
    this.kind = 'plain';
    this.answer = 0;
    return headerEnd(number, acknowledged, ask, answer, kind);
  }
}
