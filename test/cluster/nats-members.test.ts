import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { NatsEngine } from '../../server/cluster/engines/nats-engine.ts';
import type { Link } from '../../server/cluster/link/link.ts';
import type { Member, MembersWatcher } from '../../server/cluster/link/members.ts';
import { Membership } from '../../server/cluster/link/membership.ts';
import { createClock } from '../../server/kernel/clock.ts';
import { UNLOGGED } from '../../server/kernel/guard.ts';
import { SILENT_LOG } from '../../server/kernel/log.ts';
import { Turn } from '../../server/kernel/turn.ts';
import { Flusher } from '../../server/net/flusher.ts';
import { AMPLE_MEMORY, DIGESTS, LINK_LIMITS } from '../support/cluster-link.ts';
import { NatsServer, NO_NATS } from '../support/nats-server.ts';

const clock = createClock(UNLOGGED);
const flusher = new Flusher(new Turn(clock), clock, {
  failed(error) {
    throw error;
  },
});
const FRAMES = 3_000;

/** A member over NATS. */
class NatsMember implements MembersWatcher {
  readonly membership: Membership;
  readonly frames: string[] = [];
  readonly given: string[] = [];
  private readonly waiting: { done: () => boolean; resolve: () => void }[] = [];

  constructor(t: TestContext, member: string, servers: readonly string[]) {
    const engine = new NatsEngine({ servers, credentialsFile: '', caFile: '', insecure: false, clientName: member }, clock, SILENT_LOG);
    this.membership = new Membership({
      cluster: 'test',
      member,
      incarnation: `${member}1`,
      digests: DIGESTS,
      // A busy machine may need longer to start nats-server.
      limits: { ...LINK_LIMITS, deadAfterMs: 20_000 },
      memory: AMPLE_MEMORY,
      engine,
      clock,
      random: Math.random,
      log: SILENT_LOG,
      flusher,
      watcher: this,
      failed: () => {},
    });
    t.after(() => this.membership.leave());
  }

  get link(): Link {
    return [...this.membership.live.values()][0] as Link;
  }

  /** Resolves when a condition is true after some event. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push({ done, resolve }));
  }

  joined(): void {
    this.happened();
  }

  received(_member: Member, frame: string): void {
    this.frames.push(frame);
    this.happened();
  }

  left(member: Member, reason: string): void {
    this.given.push(`${member.name} ${reason}`);
    this.happened();
  }

  private happened(): void {
    for (const one of this.waiting.filter(({ done }) => done())) one.resolve();
  }
}

async function startTwo(t: TestContext, a: readonly string[], b: readonly string[]): Promise<[NatsMember, NatsMember]> {
  const members = [new NatsMember(t, 'a', a), new NatsMember(t, 'b', b)] as [NatsMember, NatsMember];
  for (const { membership } of members) await membership.open();
  for (const member of members) await member.until(() => member.membership.live.size === 1);
  return members;
}

/** Sends frames in both directions, some each millisecond. @param halfway Called in between. */
async function exchange(a: NatsMember, b: NatsMember, halfway: () => Promise<void>): Promise<void> {
  let sent = 0;
  const timer = clock.every(1, () => {
    for (let count = 0; count < 3 && sent < FRAMES; count++, sent++) {
      const frame = sent % 100 === 0 ? `${sent};`.padEnd(100_000, '𝄞') : `${sent};${'x'.repeat(400)}`;
      a.link.send(1, frame);
      b.link.send(1, frame);
    }
  });
  await b.until(() => b.frames.length > FRAMES / 4);
  await halfway();
  await Promise.all([a, b].map((member) => member.until(() => member.frames.length === FRAMES)));
  timer.cancel();
}

function checkFrames(members: readonly NatsMember[]): void {
  const expected = Array.from({ length: FRAMES }, (_, number) => `${number}`);
  for (const { frames, given } of members) {
    assert.deepEqual(
      frames.map((frame) => frame.slice(0, frame.indexOf(';'))),
      expected,
    );
    assert.deepEqual(given, []);
  }
}

test('no frame is lost or repeated when the only nats-server is killed and starts again', { skip: NO_NATS }, async (t) => {
  const server = await NatsServer.start(t);
  const [a, b] = await startTwo(t, [server.url], [server.url]);
  await exchange(a, b, async () => {
    await server.kill();
    await server.run();
  });
  checkFrames([a, b]);
  assert.ok(a.link.resent + b.link.resent > 0);
});

test('no frame is lost or repeated when the nats-server of one member is killed', { skip: NO_NATS }, async (t) => {
  const servers = await NatsServer.startCluster(t, 3);
  const urls = servers.map(({ url }) => url);
  const [a, b] = await startTwo(t, urls, [...urls].reverse());
  await exchange(a, b, async () => await servers[0]?.kill());
  checkFrames([a, b]);
});

test('no frame is lost or repeated when the nats-server stands still for a second', { skip: NO_NATS }, async (t) => {
  const server = await NatsServer.start(t);
  const [a, b] = await startTwo(t, [server.url], [server.url]);
  await exchange(a, b, async () => {
    server.signal('SIGSTOP');
    await new Promise<void>((resolve) => clock.after(1_000, resolve));
    server.signal('SIGCONT');
  });
  checkFrames([a, b]);
});
