import { MemoryHub, type Way } from '../../server/cluster/engines/memory-hub.ts';
import { MOST_DELAY_MS, Side, STREAMS } from './link-side.ts';
import { randomFrom } from './random.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** The time of faults and of frames, and the time after it for everything to settle. */
const FAULTS_MS = 6_000;
const QUIET_MS = 4_500;
const BURSTS = 12;
const JOINED_MS = 100;

/** The kinds of schedules: `rough` has all faults; in `paused`, all members stand still at once, in `restarts`, others
 * take their place, and none may be given up. */
export type ScheduleKind = 'rough' | 'stalls' | 'paused' | 'restarts';

/** What a schedule has shown. */
export interface ScheduleResult {
  readonly problems: readonly string[];
  readonly frames: number;
  /** How often a member was given up. */
  readonly given: number;
}

/** Plays one schedule of frames and faults between two members. */
export function playSchedule(seed: number, kind: ScheduleKind): ScheduleResult {
  return new Schedule(seed, kind).play();
}

class Schedule {
  private readonly kind: ScheduleKind;
  private readonly random: () => number;
  private readonly clock = new SimulatedClock();
  private readonly problems: string[] = [];
  private readonly hub: MemoryHub;
  private readonly one: Side;
  private readonly other: Side;
  private readonly dropShare: number;
  private readonly repeatShare: number;
  private readonly delayMs: number;
  private quiet = false;

  constructor(seed: number, kind: ScheduleKind) {
    this.kind = kind;
    this.random = randomFrom(seed);
    this.dropShare = kind === 'rough' && this.chance(0.5) ? this.random() * 0.3 : 0;
    this.repeatShare = kind === 'rough' && this.chance(0.5) ? this.random() * 0.3 : 0;
    this.delayMs = kind === 'rough' && this.chance(0.5) ? this.below(MOST_DELAY_MS) : 10;
    this.hub = new MemoryHub(this.clock, (way) => this.disturb(way));
    this.one = new Side(this.hub, 'a', (problem) => this.problems.push(problem));
    this.other = new Side(this.hub, 'b', (problem) => this.problems.push(problem));
    this.one.other = this.other;
    this.other.other = this.one;
  }

  play(): ScheduleResult {
    const { one, other, clock, problems } = this;
    const start = clock.now();
    for (let burst = 0; burst < BURSTS; burst++) clock.after(this.below(FAULTS_MS), () => this.sendSome());
    for (let count = 1 + this.below(3); count > 0; count--) {
      // Both have joined by then.
      const at = JOINED_MS + this.below(FAULTS_MS - 1_000 - JOINED_MS);
      clock.after(at, () => this.disrupt(FAULTS_MS - at));
    }
    clock.runUntil(start + FAULTS_MS);
    this.heal();
    clock.runUntil(start + FAULTS_MS + QUIET_MS);
    const given = one.given + other.given;
    if ((this.kind === 'paused' || this.kind === 'restarts') && given > 0) problems.push('a member was given up');
    for (const side of [one, other]) {
      side.check();
      side.membership.stop();
    }
    return { problems, frames: one.sent.length + other.sent.length, given };
  }

  private sendSome(): void {
    const side = this.chance(0.5) ? this.one : this.other;
    for (let count = 1 + this.below(8); count > 0; count--) side.send(this.below(STREAMS), this.chance(0.2) ? this.below(120) : this.below(12));
  }

  /** Decides about one message. */
  private disturb(way: Way): void {
    if (this.quiet) return;
    way.drop = this.chance(this.dropShare) ? 1 : 0;
    way.repeat = this.chance(this.repeatShare) ? 1 : 0;
    // Different delays change the order.
    way.delayMs = this.kind === 'rough' ? this.below(this.delayMs) : this.delayMs;
  }

  /** Begins one longer fault. */
  private disrupt(mostMs: number): void {
    const [from, to] = this.chance(0.5) ? ['a', 'b'] : ['b', 'a'];
    if (this.kind === 'paused') {
      const ms = 100 + this.below(4_000);
      this.hub.freezeFor('a', ms);
      this.hub.freezeFor('b', ms);
      return;
    }
    const ms = 100 + this.below(mostMs);
    if (this.kind === 'restarts') this.restart(from === 'a' ? this.one : this.other);
    else if (this.kind === 'stalls' || this.chance(0.4)) this.hub.freezeFor(from as string, ms);
    else if (this.chance(0.3)) this.disconnect(from as string, ms);
    else this.cut(from as string, to as string, ms);
  }

  /** Begins one; a member takes its place within a second. */
  private restart(side: Side): void {
    side.restart(this.hub, this.clock, this.below(1_000));
  }

  private disconnect(name: string, ms: number): void {
    this.hub.connect(name, false);
    this.clock.after(ms, () => this.hub.connect(name, true));
  }

  private cut(from: string, to: string, ms: number): void {
    this.hub.way(from, to).cut = true;
    if (this.chance(0.4)) this.hub.way(to, from).cut = true;
    this.clock.after(ms, () => this.hub.cut(from, to, false));
  }

  private heal(): void {
    const { hub } = this;
    this.quiet = true;
    hub.cut('a', 'b', false);
    for (const way of [hub.way('a', 'b'), hub.way('b', 'a')]) Object.assign(way, { drop: 0, repeat: 0, delayMs: 1 });
    for (const name of ['a', 'b']) {
      hub.thaw(name);
      hub.connect(name, true);
    }
  }

  private chance(share: number): boolean {
    return this.random() < share;
  }

  private below(end: number): number {
    return Math.floor(this.random() * end);
  }
}
