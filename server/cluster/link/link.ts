import type { MemoryBudget } from '../../kernel/memory-budget.ts';
import type { Flushable } from '../../net/flusher.ts';
import { Dialogue } from './dialogue.ts';
import { Incoming } from './incoming.ts';
import { LinkDebt } from './link-debt.ts';
import type { LinkLimits } from './link-limits.ts';
import type { LeaveReason, Member } from './members.ts';
import { type Carrier, Outgoing } from './outgoing.ts';
import { type Header, packetStart } from './packet.ts';
import type { SavedLink } from './saved-link.ts';

/** The time in which a batch must be acknowledged; then it is sent again, and the member is suspect. */
const PROGRESS_MS = 300;
/** The interval of measuring the round trip. */
const MEASURE_MS = 1_000;

/** The time before a member whose frames could not be read may join again. */
const SHUN_MS = 5_000;

/** The surroundings of a link. */
export interface LinkEnvironment {
  /** The incarnation of this process. */
  readonly incarnation: string;
  readonly limits: LinkLimits;
  readonly memory: Pick<MemoryBudget, 'open'>;
  /** Whether packets can be sent now. */
  readonly online: boolean;
  now(): number;
  publish(subject: string, packet: Uint8Array): void;
  /** Flushes the link at the end of the turn. */
  flushLater(link: Flushable): void;
  /** Calls {@link Link.acknowledge} of all links soon. */
  acknowledgeSoon(): void;
  /** A number greater than all before, of this process. */
  nextEpoch(): number;
  joined(link: Link): void;
  received(link: Link, frame: string): void;
  left(link: Link, reason: LeaveReason, frames: ReturnType<Outgoing['unsent']>): void;
}

/**
 * The ordered channel to one other member: numbered batches over an engine that may lose, repeat, delay, and reorder them.
 *
 * Each side has an epoch, which is new whenever it gives the other side up. A packet names both: one for an older epoch is dropped, and a new epoch of the other side
 * shows that it has given this side up. So both sides settle the same frames.
 */
export class Link implements Member, Flushable, Carrier {
  readonly name: string;
  readonly incarnation: string;
  state: 'greeting' | 'joined' | 'over' = 'greeting';
  suspect = false;
  batches = 0;
  /** How often it became suspect, and how often it was given up. */
  suspected = 0;
  lost = 0;
  /** When the last packet or beat arrived; moved by stalls of this process. */
  heardAt: number;
  /** The same, not moved. */
  private reallyHeardAt: number;
  private resentBefore = 0;
  private readonly environment: LinkEnvironment;
  private readonly subject: string;
  private mine: number;
  private theirs = 0;
  private start = '';
  private outgoing: Outgoing;
  private incoming: Incoming;
  /** When the oldest batch was published, or an acknowledgement arrived. */
  private progressAt = 0;
  private resentAt = 0;
  private dirty = false;
  /** Whether what is queued has waited for a turn. */
  private ripe = false;
  private owesAcknowledgement = false;
  private readonly dialogue = new Dialogue();
  private readonly debt: LinkDebt;
  private shunnedUntil = 0;

  constructor(name: string, incarnation: string, subject: string, environment: LinkEnvironment) {
    this.name = name;
    this.incarnation = incarnation;
    this.subject = subject;
    this.environment = environment;
    this.heardAt = environment.now();
    this.reallyHeardAt = this.heardAt;
    this.mine = environment.nextEpoch();
    this.debt = new LinkDebt(name, environment.memory, () => this.giveUp('memory-budget'));
    this.outgoing = new Outgoing(environment.limits, this);
    this.incoming = new Incoming(environment.limits, this.onFrame);
    this.renew();
  }

  /** The last measured round trip; 0: none. */
  get roundTripMs(): number {
    return this.dialogue.roundTripMs;
  }

  get full(): boolean {
    return this.outgoing.queue.units >= this.environment.limits.outboxBytes;
  }

  get unackedBytes(): number {
    return this.outgoing.unackedBytes;
  }

  get queuedBytes(): number {
    return this.outgoing.queue.units;
  }

  /** Whether everything is sent and acknowledged. */
  get drained(): boolean {
    return this.outgoing.unackedBytes === 0 && this.outgoing.queue.empty;
  }

  /** Batches that were sent once more. */
  get resent(): number {
    return this.resentBefore + this.outgoing.resent;
  }

  send(stream: number, frame: string): void {
    if (this.state !== 'joined') return;
    this.outgoing.queue.add(stream, frame);
    this.flushLater();
  }

  /** Writes everything at the end of the next turn: a message of the engine costs more than that turn, which brings more frames under load. */
  flush(): void {
    this.dirty = false;
    this.ripe = !this.ripe;
    if (this.ripe) this.flushLater();
    else this.write();
  }

  publishBatch(number: number, frames: string): Uint8Array {
    const packet = Buffer.from(this.header(number) + frames);
    if (this.outgoing.unackedBytes === 0) this.progressAt = this.environment.now();
    this.batches++;
    this.environment.publish(this.subject, packet);
    return packet;
  }

  publishAgain(packet: Uint8Array): void {
    this.resentAt = this.environment.now();
    this.environment.publish(this.subject, packet);
  }

  /** Handles a packet of the other member. @throws FrameError if its frames break the format. */
  receive(header: Header, packet: string): void {
    this.heard();
    if (!this.agree(header)) return;
    if (header.ask > 0) this.reply(header.ask);
    if (header.answer > 0) this.answered(header.answer);
    if (header.acknowledged > 0 && this.outgoing.acknowledge(header.acknowledged)) this.progressed();
    if (header.kind === 'resend') this.outgoing.resend();
    if (header.kind === 'bye') this.end('goodbye');
    else if (header.number > 0 && !this.dialogue.fenced) this.take(header.number, packet);
    this.charge();
  }

  /** Handles a sign of life. */
  heard(): void {
    const now = this.environment.now();
    // After a silence this long, the other member may have given this one up, and what arrives may be from before.
    if (now - this.reallyHeardAt > this.environment.limits.deadAfterMs / 2) this.raiseFence();
    this.heardAt = now;
    this.reallyHeardAt = now;
  }

  /** Looks after the link, several times in a beat. @param connectedAt When the engine of this process connected. */
  look(connectedAt: number): void {
    const now = this.environment.now();
    if (this.state !== 'joined') return;
    const silentMs = now - Math.max(this.heardAt, connectedAt);
    const stuckMs = this.outgoing.unackedBytes === 0 ? 0 : now - Math.max(this.progressAt, connectedAt);
    const { deadAfterMs, suspectMs } = this.environment.limits;
    // Beats may arrive where batches do not: servers of the engine reach each other in one direction only.
    if (this.environment.online && Math.max(silentMs, stuckMs) > deadAfterMs) {
      this.giveUp('silent');
      return;
    }
    this.suspectIf(now - this.heardAt > suspectMs || stuckMs > PROGRESS_MS);
    if (stuckMs > PROGRESS_MS && now - this.resentAt > PROGRESS_MS) this.outgoing.resend();
    if (now - this.dialogue.askedAt > MEASURE_MS) this.question();
  }

  /** Sends what the other member needs to join, or to prove that it has not given this one up; once a beat. */
  beat(): void {
    if (this.environment.now() < this.shunnedUntil) return;
    if (this.state === 'greeting' || this.dialogue.fenced) this.question();
  }

  /** Sends an acknowledgement that no batch has carried. */
  acknowledge(): void {
    if (this.owesAcknowledgement && this.environment.online) this.speak();
  }

  /** Our own process has stood still: its silence is not the other member's. */
  forgive(ms: number): void {
    const now = this.environment.now();
    this.heardAt = Math.min(this.heardAt + ms, now);
    this.progressAt = Math.min(this.progressAt + ms, now);
  }

  /** The engine has connected again: batches of both sides may be lost. */
  reconnected(): void {
    if (this.state !== 'joined') return;
    this.dialogue.say('resend');
    this.outgoing.resend();
    this.question();
  }

  /** Gives the other member up; it can join again. */
  giveUp(reason: LeaveReason): void {
    const was = this.state;
    const unsent = this.outgoing.unsent();
    this.incoming.closed = true;
    this.resentBefore += this.outgoing.resent;
    this.state = 'greeting';
    this.mine = this.environment.nextEpoch();
    this.renew();
    if (was !== 'joined') return;
    this.debt.close();
    this.lost++;
    this.question();
    this.environment.left(this, reason, unsent);
  }

  /** Its frames cannot be read: gives it up, and lets it join again only after a while. */
  shun(): void {
    this.giveUp('broken-frames');
    this.shunnedUntil = this.environment.now() + SHUN_MS;
  }

  /** The other member has left, or is refused: no packet goes there any more. */
  end(reason: LeaveReason): void {
    this.giveUp(reason);
    this.state = 'over';
  }

  /** A joined link, for the next process. */
  save(): SavedLink {
    const { name, incarnation, mine, theirs } = this;
    const { ask } = this.dialogue;
    return { name, incarnation, mine, theirs, ask, outgoing: this.outgoing.save(), incoming: this.incoming.save() };
  }

  /** Goes on where another process has stopped. The other member may have given that one up meanwhile. */
  restore({ mine, theirs, ask, outgoing, incoming }: SavedLink): void {
    this.state = 'joined';
    this.debt.open();
    this.mine = mine;
    this.theirs = theirs;
    this.dialogue.ask = ask;
    this.progressAt = this.environment.now();
    this.outgoing.restore(outgoing);
    this.incoming.restore(incoming);
    this.renewStart();
    this.charge();
    this.raiseFence();
  }

  /** Says goodbye. */
  bye(): void {
    if (this.state !== 'joined') return;
    this.dialogue.say('bye');
    this.speak();
    this.end('stopped');
  }

  private write(): void {
    if (this.environment.online && this.state !== 'over') {
      if (this.state === 'joined' && this.outgoing.publish()) this.flushLater();
      if (this.dialogue.due) this.speak();
    }
    this.charge();
  }

  /** Charges the memory that it keeps now. */
  private charge(): void {
    this.debt.keep(this.outgoing.unackedBytes, this.outgoing.queue.units + this.incoming.units);
  }

  private suspectIf(suspect: boolean): void {
    if (suspect && !this.suspect) this.suspected++;
    this.suspect = suspect;
  }

  private readonly onFrame = (frame: string): void => this.environment.received(this, frame);

  /** Drops batches until the other member proves that it has not given this one up. */
  private raiseFence(): void {
    this.dialogue.raiseFence(this.environment.now());
    this.flushLater();
  }

  /** Compares epochs. @returns whether the packet is for this epoch. */
  private agree({ mine, yours, number, ask }: Header): boolean {
    if (mine < this.theirs || this.environment.now() < this.shunnedUntil) return false;
    if (mine > this.theirs) {
      if (this.state === 'joined') this.giveUp('given-up-by-it');
      this.theirs = mine;
      this.renewStart();
    }
    if (yours === this.mine) {
      if (this.state === 'greeting') this.join();
      return true;
    }
    if (number > 0 || ask > 0) this.reply(ask);
    return false;
  }

  private join(): void {
    this.state = 'joined';
    this.debt.open();
    this.progressAt = this.environment.now();
    this.speakLater();
    this.environment.joined(this);
  }

  private take(number: number, packet: string): void {
    const { incoming } = this;
    const urgent = incoming.take(number, packet);
    if (incoming.closed) return;
    if (urgent) this.speakLater();
    if (this.owesAcknowledgement) return;
    this.owesAcknowledgement = true;
    this.environment.acknowledgeSoon();
  }

  private progressed(): void {
    this.progressAt = this.environment.now();
    if (!this.outgoing.queue.empty) this.flushLater();
  }

  /** Asks for a packet. */
  private question(): void {
    this.dialogue.question(this.environment.now());
    this.flushLater();
  }

  private reply(ask: number): void {
    this.dialogue.reply(ask);
    this.flushLater();
  }

  private answered(answer: number): void {
    this.dialogue.answered(answer, this.environment.now());
    if (this.dialogue.due) this.flushLater();
  }

  private speakLater(): void {
    this.dialogue.due = true;
    this.flushLater();
  }

  private flushLater(): void {
    if (this.dirty) return;
    this.dirty = true;
    this.environment.flushLater(this);
  }

  private speak(): void {
    this.environment.publish(this.subject, Buffer.from(this.header(0)));
  }

  private header(number: number): string {
    this.owesAcknowledgement = false;
    return this.start + this.dialogue.header(number, this.incoming.number);
  }

  private renew(): void {
    this.outgoing = new Outgoing(this.environment.limits, this);
    this.incoming = new Incoming(this.environment.limits, this.onFrame);
    this.owesAcknowledgement = false;
    this.suspect = false;
    this.dialogue.removeFence();
    this.renewStart();
  }

  private renewStart(): void {
    this.start = packetStart(this.environment.incarnation, this.mine, this.theirs);
  }
}
