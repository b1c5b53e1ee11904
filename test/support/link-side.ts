import type { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import type { LinkLimits } from '../../server/cluster/link/link-limits.ts';
import type { LeaveReason, Member, MembersWatcher, UnsentFrame } from '../../server/cluster/link/members.ts';
import { Membership } from '../../server/cluster/link/membership.ts';
import { SILENT_LOG } from '../../server/kernel/log.ts';
import type { Flushable } from '../../server/net/flusher.ts';
import type { Clock } from '../../shared/clock.ts';
import { AMPLE_MEMORY, DIGESTS, LINK_LIMITS } from './cluster-link.ts';

/** Small, so that short frames fill batches and windows. */
const LIMITS: LinkLimits = { ...LINK_LIMITS, linkBatchBytes: 64, linkWindowBytes: 1_200 };

export const STREAMS = 4;
/** The longest delay of the engine. */
export const MOST_DELAY_MS = 400;
/** A frame may arrive this long after its sender has reported it: it was on its way, or the receiver stood still for less than self-fencing notices. */
const LATE_MS = MOST_DELAY_MS + LIMITS.deadAfterMs / 2 + 50;

/** A frame, and its story. */
interface Sent {
  readonly stream: number;
  readonly number: number;
  /** The life of the link at the sender. */
  readonly life: number;
  /** The life of the link at the receiver; 0 while it has not arrived. */
  arrivedIn: number;
  reported: UnsentFrame | null;
  reportedAt: number;
}

/** One of two members, which checks what it receives. */
export class Side implements MembersWatcher {
  readonly name: string;
  membership: Membership;
  /** The number of times that the other member has joined. */
  life = 0;
  /** … and that it was given up. */
  given = 0;
  /** The frames that it has sent. */
  readonly sent: Sent[] = [];
  other: Side | null = null;
  private restarting = false;
  private readonly clock: Pick<Clock, 'now' | 'after'>;
  private dirty: Flushable[] = [];
  private readonly lastNumbers: number[] = new Array(STREAMS).fill(-1);
  private readonly fail: (problem: string) => void;

  constructor(hub: MemoryHub, name: string, fail: (problem: string) => void) {
    this.name = name;
    this.fail = fail;
    this.clock = hub.clockOf(name);
    this.membership = this.start(hub);
    void this.membership.open();
  }

  /** Another process takes over, after a pause. */
  restart(hub: MemoryHub, clock: Clock, ms: number): void {
    if (this.restarting) return;
    this.restarting = true;
    const saved = JSON.stringify(this.membership.save());
    hub.crash(this.name);
    clock.after(ms, () => {
      this.restarting = false;
      this.membership = this.start(hub);
      this.membership.restore(JSON.parse(saved));
      void this.membership.open();
    });
  }

  private start(hub: MemoryHub): Membership {
    return new Membership({
      cluster: 'test',
      member: this.name,
      incarnation: `${this.name}1`,
      digests: DIGESTS,
      limits: LIMITS,
      memory: AMPLE_MEMORY,
      engine: hub.engine(this.name),
      clock: this.clock,
      random: () => 0,
      log: SILENT_LOG,
      flusher: { add: (link) => this.flushLater(link) },
      watcher: this,
      failed: (error) => this.fail(error.message),
    });
  }

  send(stream: number, padding: number): void {
    const member = [...this.membership.live.values()][0];
    if (member === undefined || this.restarting) return;
    const number = this.sent.length;
    this.sent.push({ stream, number, life: this.life, arrivedIn: 0, reported: null, reportedAt: 0 });
    member.send(stream, `${number};${'𝄞x'.repeat(padding)}`);
  }

  joined(): void {
    this.life++;
  }

  received(_member: Member, frame: string): void {
    const sent = this.other?.sent[Number.parseInt(frame, 10)];
    const problem = sent === undefined ? 'is unknown' : this.problemOf(sent, frame);
    if (problem !== '') this.fail(`frame ${sent?.number} ${problem}`);
    if (sent === undefined) return;
    this.lastNumbers[sent.stream] = sent.number;
    sent.arrivedIn = this.life;
  }

  left(_member: Member, _reason: LeaveReason, unsent: readonly UnsentFrame[]): void {
    this.given++;
    for (const one of unsent) {
      const sent = this.sent[Number.parseInt(one.frame, 10)] as Sent;
      if (sent.reported !== null) this.fail(`frame ${sent.number} was reported twice`);
      if (sent.life !== this.life) this.fail(`frame ${sent.number} of an earlier life was reported`);
      sent.reported = one;
      sent.reportedAt = this.clock.now();
      if (sent.arrivedIn > 0 && !one.published) this.fail(`frame ${sent.number} had arrived, and was reported as not published`);
    }
  }

  /** Checks the end: each frame is settled, and the two sides agree about the lives of the link. */
  check(): void {
    if (this.membership.live.size === 0) this.fail(`${this.name} is alone`);
    const livesOf = new Map<number, number>();
    const arrivals = new Map<number, number>();
    for (const { number, life, arrivedIn, reported } of this.sent) {
      if (arrivedIn === 0) {
        if (reported === null) this.fail(`frame ${number} is lost`);
        continue;
      }
      if ((livesOf.get(life) ?? arrivedIn) !== arrivedIn || (arrivals.get(arrivedIn) ?? life) !== life) this.fail(`the sides disagree about life ${life}`);
      livesOf.set(life, arrivedIn);
      arrivals.set(arrivedIn, life);
    }
  }

  /** The rule that the arrival of a frame breaks; `''` if none. */
  private problemOf({ stream, number, arrivedIn, reported, reportedAt }: Sent, frame: string): string {
    if (!/^\d+;(?:𝄞x)*$/u.test(frame)) return 'is broken';
    if (arrivedIn > 0) return 'arrived twice';
    if (number <= (this.lastNumbers[stream] as number)) return 'arrived out of order';
    if (reported === null) return '';
    if (!reported.published) return 'arrived, and was reported as not published';
    const lateMs = this.clock.now() - reportedAt;
    return lateMs > LATE_MS ? `arrived ${lateMs} ms after it was reported` : '';
  }

  private flushLater(link: Flushable): void {
    this.dirty.push(link);
    if (this.dirty.length > 1) return;
    this.clock.after(0, () => {
      for (const one of this.dirty.splice(0)) one.flush();
    });
  }
}
