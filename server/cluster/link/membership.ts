import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { MemoryBudget } from '../../kernel/memory-budget.ts';
import type { Flushable, Flusher } from '../../net/flusher.ts';
import { Admission } from './admission.ts';
import { type Beat, type Digests, readBeat, writeBeat } from './beat.ts';
import { type Engine, EngineError, type EngineWatcher } from './engine.ts';
import type { Link, LinkEnvironment } from './link.ts';
import type { LinkLimits } from './link-limits.ts';
import { FrameError, type LeaveReason, type Members, type MembersWatcher, type UnsentFrame } from './members.ts';
import { readHeader } from './packet.ts';
import { Payloads } from './payloads.ts';
import { Pulse } from './pulse.ts';
import { Rumours } from './rumours.ts';
import type { SavedMembership } from './saved-link.ts';

/** Looks at the links in one beat. */
const LOOKS_PER_BEAT = 5;
const ACKNOWLEDGE_MS = 20;
/** The time for sending what is queued before goodbye. */
const LEAVE_MS = 1_000;
/** The difference of two ages that is larger than the way of a beat. */
const AGE_MS = 1_000;

/** What {@link Membership} needs. */
export interface MembershipOptions {
  /** The name of the cluster. */
  readonly cluster: string;
  /** The name of this member. */
  readonly member: string;
  /** Random, `[A-Za-z0-9]{1,32}`, new for each start of a process. */
  readonly incarnation: string;
  /** Digests of the configuration; names are `[a-z]{1,16}`, digests hexadecimal or Base64 digits. */
  readonly digests: Digests;
  readonly limits: LinkLimits;
  /** The server's, which is charged for what is kept for other members. */
  readonly memory: Pick<MemoryBudget, 'open'>;
  readonly engine: Engine;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly flusher: Pick<Flusher, 'add'>;
  readonly watcher: MembersWatcher;
  /** This member cannot take part any more: another one has its name, or the engine has given up. */
  failed(error: Error): void;
}

/** Finds the other members by their beats, keeps a link to each, and notices which ones are dead. */
export class Membership implements Members, LinkEnvironment {
  readonly live = new Map<string, Link>();
  /** Beats and packets, with a count of those that could not be read. */
  readonly payloads: Payloads;
  /** Members that were given up. */
  lost = 0;
  readonly incarnation: string;
  readonly limits: LinkLimits;
  readonly memory: Pick<MemoryBudget, 'open'>;
  private readonly options: MembershipOptions;
  private readonly subjects: string;
  private readonly admission: Admission;
  private readonly rumours: Rumours;
  private readonly pulse: Pulse;
  private openedAt: number;
  private state: 'closed' | 'open' | 'leaving' = 'closed';
  private digests: Digests;
  private disconnected = true;
  private connectedAt = 0;
  private lastEpoch = 0;
  private beatAt = 0;
  private acknowledging = false;
  /** The last other incarnation of this member's name. */
  private namesake = '';
  private leaveAt = 0;
  private drained: () => void = () => {};

  constructor(options: MembershipOptions) {
    this.options = options;
    this.incarnation = options.incarnation;
    this.limits = options.limits;
    this.memory = options.memory;
    this.digests = options.digests;
    this.subjects = `cc.${options.cluster}.`;
    this.openedAt = this.now();
    this.payloads = new Payloads(options.clock, options.log);
    this.rumours = new Rumours(this.limits.deadAfterMs, options.random);
    this.pulse = new Pulse(options.clock, this.limits.beatMs / LOOKS_PER_BEAT, (stalledMs) => this.look(stalledMs));
    const subjectOf = ({ name, incarnation }: Pick<Beat, 'name' | 'incarnation'>) => `${this.subjects}m.${name}.${incarnation}`;
    this.admission = new Admission({ member: options.member, log: options.log, subjectOf }, this);
  }

  get online(): boolean {
    return this.state !== 'closed' && this.options.engine.connected;
  }

  /** Resolves once the engine is connected; the others join after that. @throws EngineError if the engine cannot connect. */
  async open(): Promise<void> {
    const { engine, member } = this.options;
    this.state = 'open';
    engine.subscribe(`${this.subjects}hb`, this.onBeat);
    engine.subscribe(`${this.subjects}m.${member}.${this.incarnation}`, this.onPacket);
    this.pulse.start();
    try {
      await engine.open(this.engineWatcher);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** Beats carry these digests from now on. */
  setDigests(digests: Digests): void {
    this.digests = digests;
  }

  async leave(): Promise<void> {
    if (this.state === 'open') {
      this.state = 'leaving';
      this.leaveAt = this.now() + LEAVE_MS;
      await new Promise<void>((resolve) => {
        this.drained = resolve;
        this.checkDrained();
      });
    }
    for (const link of [...this.live.values()]) link.bye();
    this.stop();
    await this.options.engine.close();
  }

  /** Ends at once, without goodbye. */
  stop(): void {
    this.state = 'closed';
    this.pulse.stop();
  }

  /** Stops at once, for another process that goes on with the same incarnation. */
  save(): SavedMembership {
    this.stop();
    const links = Array.from(this.live.values(), (link) => link.save());
    return { incarnation: this.incarnation, ageMs: this.ageMs, lastEpoch: this.lastEpoch, links };
  }

  /** Goes on after {@link save}, because no other process does. */
  resume(): void {
    this.state = 'open';
    this.pulse.start();
    for (const link of this.live.values()) link.reconnected();
  }

  /** Takes over from another process; its members are live at once, and have not joined anew. Call it before {@link open}. */
  restore({ ageMs, lastEpoch, links }: Omit<SavedMembership, 'incarnation'>): void {
    this.openedAt = this.now() - ageMs;
    this.lastEpoch = lastEpoch;
    for (const saved of links) {
      const link = this.admission.add(saved);
      this.live.set(link.name, link);
      link.restore(saved);
    }
  }

  now(): number {
    return this.options.clock.now();
  }

  publish(subject: string, packet: Uint8Array): void {
    this.options.engine.publish(subject, packet);
  }

  flushLater(link: Flushable): void {
    this.options.flusher.add(link);
  }

  acknowledgeSoon(): void {
    if (this.acknowledging) return;
    this.acknowledging = true;
    this.options.clock.after(ACKNOWLEDGE_MS, this.onAcknowledge);
  }

  nextEpoch(): number {
    return ++this.lastEpoch;
  }

  joined(link: Link): void {
    this.live.set(link.name, link);
    this.options.log.info({ member: link.name, incarnation: link.incarnation }, 'member joined');
    this.options.watcher.joined(link);
  }

  received(link: Link, frame: string): void {
    this.options.watcher.received(link, frame);
  }

  left(link: Link, reason: LeaveReason, unsent: readonly UnsentFrame[]): void {
    this.live.delete(link.name);
    const fields = { member: link.name, incarnation: link.incarnation, reason, unsent: unsent.length };
    switch (reason) {
      case 'stopped':
        // This member leaves, not the other one.
        break;
      case 'goodbye':
        this.options.log.info(fields, 'member left');
        break;
      default:
        this.lost++;
        this.options.log.warn(fields, 'member lost');
    }
    this.options.watcher.left(link, reason, unsent);
  }

  private readonly engineWatcher: EngineWatcher = {
    connected: (server) => {
      // Without a gap when the server was changed.
      if (this.disconnected) this.connectedAt = this.now();
      this.disconnected = false;
      this.options.log.info({ server }, 'connected to the cluster');
      this.beat();
      for (const link of this.admission.links.values()) link.reconnected();
    },
    disconnected: () => {
      this.disconnected = true;
      this.rumours.clear();
      this.options.log.warn({}, 'connection to the cluster lost');
      if (this.state === 'leaving') this.checkDrained();
    },
    failed: (error) => this.fail(error),
  };

  private readonly onBeat = (payload: Uint8Array): void => {
    const beat = readBeat(this.payloads.textOf(payload));
    if (beat === null) this.payloads.ignore('beat');
    else if (beat.incarnation === this.incarnation || this.state === 'closed') return;
    else if (beat.name === this.options.member) this.meetNamesake(beat);
    else this.meet(beat);
  };

  private readonly onPacket = (payload: Uint8Array): void => {
    const packet = this.payloads.textOf(payload);
    const header = readHeader(packet);
    if (header === null) {
      this.payloads.ignore('packet');
      return;
    }
    const link = this.admission.links.get(header.incarnation);
    if (link === undefined || this.state === 'closed') return;
    try {
      link.receive(header, packet);
    } catch (error) {
      this.options.log.error({ member: link.name, err: error }, error instanceof FrameError ? 'member sent broken frames' : 'frame of a member failed');
      link.shun();
    }
    if (header.kind === 'bye' && link.state === 'over') this.admission.remove(link);
  };

  private readonly onAcknowledge = (): void => {
    this.acknowledging = false;
    for (const link of this.live.values()) link.acknowledge();
  };

  private look(stalledMs: number): void {
    if (stalledMs > 0) this.forgive(stalledMs);
    for (const link of [...this.live.values()]) link.look(this.connectedAt);
    if (this.now() >= this.beatAt) this.beat();
    if (this.state === 'leaving') this.checkDrained();
  }

  /** This process has stood still: its silence is not that of the others. */
  private forgive(ms: number): void {
    this.connectedAt += ms;
    for (const link of this.admission.links.values()) link.forgive(ms);
  }

  private beat(): void {
    const { engine, member } = this.options;
    const now = this.now();
    this.beatAt = now + this.limits.beatMs;
    if (!engine.connected) return;
    const links = [...this.admission.links.values()];
    const hears = links.filter(({ heardAt }) => now - heardAt < this.limits.suspectMs).map(({ incarnation }) => incarnation);
    engine.publish(
      `${this.subjects}hb`,
      Buffer.from(writeBeat({ name: member, incarnation: this.incarnation, ageMs: this.ageMs, digests: this.digests, hears })),
    );
    for (const link of links) link.beat();
    this.admission.forget();
  }

  private meet(beat: Beat): void {
    const isNew = !this.admission.links.has(beat.incarnation);
    const link = this.admission.admit(beat, this.digests);
    if (link === null) return;
    link.heard();
    this.rumours.delete(beat.incarnation);
    // It may not have heard of this member yet.
    if (isNew) this.beat();
    for (const incarnation of beat.hears) this.hearOf(incarnation);
  }

  /** Another member hears one that this member may not hear: then the engine's servers cannot reach each other, and the engine connects to another one. */
  private hearOf(incarnation: string): void {
    if (incarnation === this.incarnation || this.admission.isRefused(incarnation)) return;
    const now = this.now();
    const link = this.admission.links.get(incarnation);
    if (link !== undefined && now - link.heardAt < this.limits.suspectMs) return;
    if (!this.rumours.add(incarnation, now)) return;
    this.options.log.warn({ incarnation }, 'server changed, because another member hears one that this one does not');
    this.options.engine.moveOn();
  }

  private get ageMs(): number {
    return this.now() - this.openedAt;
  }

  /** Another process has this name: the younger one gives up. */
  private meetNamesake({ name, incarnation, ageMs }: Beat): void {
    const difference = this.ageMs - ageMs;
    const younger = Math.abs(difference) < AGE_MS ? this.incarnation > incarnation : difference < 0;
    if (!younger) {
      if (this.namesake !== incarnation) this.options.log.warn({ member: name, incarnation }, 'another process has the name of this member');
      this.namesake = incarnation;
      return;
    }
    this.fail(new EngineError(`cluster ${this.options.cluster} has a member ${name} already: give this one another name, or stop the other one`));
  }

  private fail(error: Error): void {
    for (const link of [...this.live.values()]) link.bye();
    this.stop();
    this.options.failed(error);
  }

  private checkDrained(): void {
    const drained = [...this.live.values()].every((link) => link.drained);
    if (drained || !this.online || this.now() >= this.leaveAt) this.drained();
  }
}
