import { MemoryHub, type Way } from '../../server/cluster/engines/memory-hub.ts';
import type { Digests } from '../../server/cluster/link/beat.ts';
import type { LinkLimits } from '../../server/cluster/link/link-limits.ts';
import type { LeaveReason, Member, MembersWatcher, UnsentFrame } from '../../server/cluster/link/members.ts';
import { Membership } from '../../server/cluster/link/membership.ts';
import { MemoryBudget } from '../../server/kernel/memory-budget.ts';
import type { Flushable } from '../../server/net/flusher.ts';
import type { Clock } from '../../shared/clock.ts';
import { FakeClock, FakeLog } from './fakes.ts';

export const LINK_LIMITS: LinkLimits = {
  linkWindowBytes: 4_194_304,
  linkBatchBytes: 32_768,
  beatMs: 250,
  suspectMs: 600,
  deadAfterMs: 2_000,
  members: 16,
  outboxBytes: 67_108_864,
  hardStanzaBytes: 67_108_864,
};

export const DIGESTS: Digests = new Map([
  ['domains', 'aa'],
  ['accounts', 'bb'],
]);

/** What a {@link WatchedMember} has besides its name. */
export interface WatchedOptions {
  /** Its name, if its engine has another one. */
  readonly name?: string;
  readonly incarnation?: string;
  readonly digests?: Digests;
  readonly limits?: Partial<LinkLimits>;
  /** The limit of its memory. */
  readonly memoryBytes?: number;
  /** How much its clock is ahead of the others. */
  readonly aheadMs?: number;
}

/** A budget that no test exceeds. */
export const AMPLE_MEMORY = new MemoryBudget(Number.MAX_SAFE_INTEGER, { soon: () => {} }, () => {});

/** A member that remembers what happens. */
export class WatchedMember implements MembersWatcher {
  readonly name: string;
  /** The members that have come and gone. */
  readonly events: string[] = [];
  readonly frames: string[] = [];
  readonly unsent: UnsentFrame[] = [];
  readonly failures: string[] = [];
  readonly log = new FakeLog();
  readonly memory: MemoryBudget;
  readonly membership: Membership;
  /** Called for each frame. */
  onFrame: (frame: string) => void = () => {};
  private readonly clock: Pick<Clock, 'after'>;
  private dirty: Flushable[] = [];

  constructor(hub: MemoryHub, engineName: string, options: WatchedOptions = {}) {
    const { name = engineName, incarnation = `${name}1`, digests = DIGESTS, limits, memoryBytes = Number.MAX_SAFE_INTEGER, aheadMs = 0 } = options;
    const common = hub.clockOf(engineName);
    const clock = { now: () => common.now() + aheadMs, after: common.after };
    this.name = name;
    this.clock = clock;
    this.memory = new MemoryBudget(memoryBytes, { soon: (action) => clock.after(0, action) }, () => {});
    this.membership = new Membership({
      cluster: 'test',
      member: name,
      incarnation,
      digests,
      limits: { ...LINK_LIMITS, ...limits },
      memory: this.memory,
      engine: hub.engine(engineName),
      clock,
      random: () => 0,
      log: this.log,
      flusher: { add: (link) => this.flushLater(link) },
      watcher: this,
      failed: (error) => this.failures.push(error.message),
    });
  }

  get live(): string {
    return [...this.membership.live.keys()].sort().join(' ');
  }

  link(name: string) {
    const link = this.membership.live.get(name);
    if (link === undefined) throw new Error(`${name} has not joined ${this.name}`);
    return link;
  }

  joined(member: Member): void {
    this.events.push(`joined ${member.name}`);
  }

  received(member: Member, frame: string): void {
    this.frames.push(`${member.name}: ${frame}`);
    this.onFrame(frame);
  }

  left(member: Member, reason: LeaveReason, unsent: readonly UnsentFrame[]): void {
    this.events.push(`left ${member.name} ${reason}`);
    this.unsent.push(...unsent);
  }

  private flushLater(link: Flushable): void {
    this.dirty.push(link);
    if (this.dirty.length > 1) return;
    this.clock.after(0, () => {
      for (const one of this.dirty.splice(0)) one.flush();
    });
  }
}

/** Members in one process that have joined. */
export interface Lab {
  readonly clock: FakeClock;
  readonly hub: MemoryHub;
  readonly a: WatchedMember;
  readonly b: WatchedMember;
  readonly c: WatchedMember;
}

/** Starts members a, b, and c. @param limits Of all. */
export async function startLab(limits: Partial<LinkLimits> = {}, disturb?: (way: Way) => void): Promise<Lab> {
  const clock = new FakeClock();
  const hub = new MemoryHub(clock, disturb);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => new WatchedMember(hub, name, { limits })) as [WatchedMember, WatchedMember, WatchedMember];
  for (const { membership } of [a, b, c]) await membership.open();
  clock.advance(300);
  return { clock, hub, a, b, c };
}
