import type { TestContext } from 'node:test';
import type { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import { type Digests, readBeat } from '../../server/cluster/link/beat.ts';
import type { LeaveReason, Member, MembersWatcher } from '../../server/cluster/link/members.ts';
import { Membership } from '../../server/cluster/link/membership.ts';
import { SILENT_LOG } from '../../server/kernel/log.ts';
import type { Flushable } from '../../server/net/flusher.ts';
import { AMPLE_MEMORY, LINK_LIMITS } from './cluster-link.ts';
import { realClock } from './guards.ts';

const CLUSTER = 'fixture';

/** A program with the rights of a member, which joins the members of a fixture and sends them whatever a test wants. */
export class RogueMember implements MembersWatcher {
  /** The members that it has left, or that have given it up, and why. */
  readonly departures: string[] = [];
  readonly membership: Membership;
  private readonly clock = realClock();
  private waiting: { readonly isTrue: () => boolean; readonly resolve: () => void }[] = [];
  private answers = 0;

  private constructor(t: TestContext, hub: MemoryHub, member: string, digests: Digests) {
    this.membership = new Membership({
      cluster: CLUSTER,
      member,
      incarnation: `${member}1`,
      digests,
      limits: { ...LINK_LIMITS, members: 64 },
      memory: AMPLE_MEMORY,
      engine: hub.engine(member),
      clock: this.clock,
      random: Math.random,
      log: SILENT_LOG,
      flusher: { add: (link: Flushable) => this.clock.soon(() => link.flush()) },
      watcher: this,
      failed: () => {},
    });
    t.after(() => this.membership.stop());
  }

  /** Joins all members, with the digests of their configuration. @param others Their names. */
  static async join(t: TestContext, hub: MemoryHub, member: string, others: readonly string[]): Promise<RogueMember> {
    const spy = hub.engine(`spy of ${member}`);
    const digests = new Promise<Digests>((resolve) => spy.subscribe(`cc.${CLUSTER}.hb`, (payload) => resolve(readBeat(`${payload}`)?.digests ?? new Map())));
    await spy.open({ connected() {}, disconnected() {}, failed() {} });
    const rogue = new RogueMember(t, hub, member, await digests);
    hub.crash(`spy of ${member}`);
    await rogue.membership.open();
    await rogue.until(() => others.every((name) => rogue.membership.live.has(name)));
    return rogue;
  }

  send(to: string, frame: string): void {
    this.membership.live.get(to)?.send(0, frame);
  }

  /** Resolves when a member has read all frames. */
  async read(by: string): Promise<void> {
    const before = this.answers;
    this.send(by, 'Q0,3;a@b');
    await this.until(() => this.answers > before);
  }

  /** Resolves when a condition is true after some event. */
  until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ isTrue, resolve }));
  }

  joined(): void {
    this.happened();
  }

  received(_member: Member, frame: string): void {
    if (frame.startsWith('Y')) this.answers++;
    this.happened();
  }

  left(member: Member, reason: LeaveReason): void {
    this.departures.push(`${member.name} ${reason}`);
    this.happened();
  }

  private happened(): void {
    const due = this.waiting.filter(({ isTrue }) => isTrue());
    this.waiting = this.waiting.filter((one) => !due.includes(one));
    for (const { resolve } of due) resolve();
  }
}
