import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Cluster } from '../../server/cluster/cluster.ts';
import type { MemoryHub } from '../../server/cluster/engines/memory-hub.ts';
import { FRAME_KINDS, type FrameKind, writeFrame } from '../../server/cluster/frame.ts';
import { FrameError, type Member } from '../../server/cluster/link/members.ts';
import { type ChopChopFixture, startChopChop } from '../../server/index.ts';
import { randomFrom } from '../support/random.ts';
import { RogueMember } from '../support/rogue-member.ts';

/** Two honest members, and the network that a rogue has access to. */
async function start(t: TestContext): Promise<{ jabber: ChopChopFixture; hub: MemoryHub; names: string[] }> {
  const jabber = await startChopChop({ cluster: { members: 2 }, keepAlive: true, limits: { beatMs: 50, members: 64 } });
  t.after(() => jabber.stop());
  const [first, second] = jabber.members;
  await second?.service('opensrf.math', { add: (a: number, b: number) => a + b });
  await first?.waitForService('opensrf.math');
  const { hub } = first as unknown as { readonly hub: MemoryHub };
  return { jabber, hub, names: jabber.members.map(({ name }) => name) };
}

function clusterOf(jabber: ChopChopFixture): Cluster {
  return (jabber as unknown as { readonly server: { readonly cluster: Cluster } }).server.cluster;
}

/** The honest members serve each other, and have never given each other up. */
async function check(jabber: ChopChopFixture): Promise<void> {
  assert.equal(await jabber.request('opensrf.math', 'add', 2, 2), 4);
  assert.equal(
    clusterOf(jabber)
      .report()
      .members.find(({ name }) => name === jabber.members[1]?.name)?.lost,
    0,
  );
}

const UNKNOWN = 99_999;
/** Well-formed frames that refer to nothing. */
const POINTLESS: readonly string[] = [
  writeFrame('z' as FrameKind, [1, 2, 3], 'a kind', 'of a later', 'version'),
  writeFrame(FRAME_KINDS.ended, [UNKNOWN]),
  writeFrame(FRAME_KINDS.allReturned, [UNKNOWN]),
  writeFrame(FRAME_KINDS.answer, [1], 'opensrf@localhost/nobody-asked'),
  writeFrame(FRAME_KINDS.answer, [0], 'no address'),
  writeFrame(FRAME_KINDS.kick, [UNKNOWN], 'closed-by-operator'),
  writeFrame(FRAME_KINDS.unavailable, [-1]),
  writeFrame(FRAME_KINDS.presence, [2, 0, UNKNOWN, 0, 0, -1], ...Array.from({ length: 13 }, () => '')),
  writeFrame(
    FRAME_KINDS.stanza,
    [0, UNKNOWN, UNKNOWN, 0, 5, -1],
    'opensrf@localhost/absent',
    'opensrf@localhost/absent',
    ...Array.from({ length: 11 }, () => ''),
  ),
  writeFrame(FRAME_KINDS.foreign, [0, 0, 0, 0, 0, -1], 'opensrf@localhost/absent', 'x@no-peer.example/y', ...Array.from({ length: 11 }, () => '')),
  writeFrame(FRAME_KINDS.returned, [0, 0, UNKNOWN, 0, UNKNOWN, -1], ...Array.from({ length: 13 }, () => '')),
  writeFrame(FRAME_KINDS.registered, [UNKNOWN, 0, 0], 'no-domain', 'opensrf.rogue', 'opensrf@localhost/rogue', '', ''),
  writeFrame(FRAME_KINDS.registered, [UNKNOWN, 0, 0], 'localhost', 'opensrf.rogue', 'opensrf@localhost/rogue', 'no-member', ''),
  writeFrame(FRAME_KINDS.left, [0], 'localhost', 'opensrf.rogue', 'opensrf@localhost/rogue', ''),
  writeFrame(FRAME_KINDS.left, [1], 'localhost', '__proto__', 'constructor', 'thread'),
  writeFrame(FRAME_KINDS.drain, [1], 'localhost', 'opensrf.rogue', ''),
  writeFrame(FRAME_KINDS.suspected, [], 'localhost', 'opensrf.rogue', 'opensrf@localhost/rogue', 'no reason'),
  writeFrame(FRAME_KINDS.counts, [], 'no-domain', ''),
  writeFrame(FRAME_KINDS.counts, [], 'localhost', 'opensrf.rogue\topensrf@localhost/rogue\t1\t1\t1'),
  writeFrame(FRAME_KINDS.stalls, [], '1,2,,x,-5', 'y'),
  writeFrame(FRAME_KINDS.complete, []),
  writeFrame(FRAME_KINDS.complete, []),
  writeFrame(FRAME_KINDS.bound, [7, 0, 1, 0], 'opensrf', 'localhost', 'rogue', 'host@rogue'),
  writeFrame(FRAME_KINDS.bound, [7, 0, 1, 0], 'opensrf', 'localhost', 'rogue', 'host@rogue'),
  // The address of a host.
  writeFrame(FRAME_KINDS.bound, [8, 0, 1, 0], '', 'localhost', '', 'host@rogue'),
];

/** Frames that no member writes. */
const BROKEN: readonly string[] = [
  ...['', 'x@NO-PEER.example/y'].map((from) =>
    writeFrame(FRAME_KINDS.foreign, [0, 0, 0, 0, 0, -1], 'opensrf@localhost/absent', from, ...Array.from({ length: 11 }, () => '')),
  ),
  '',
  'S',
  'B0;',
  'B1,x;',
  'B1,1e400;',
  'E99,1;',
  'E-1;',
  'Q0,9;short',
  'Q0,3;too long',
  `Q0,1${',0'.repeat(50)};a`,
  `Q0${',1'.repeat(600)};${'a'.repeat(600)}`,
  writeFrame(FRAME_KINDS.stanza, [3, 0, 0, 0, 0, -1], ...Array.from({ length: 13 }, () => '')),
  writeFrame(FRAME_KINDS.stanza, [0, 0, 0, 0, 0, 9], ...Array.from({ length: 13 }, () => '')),
  writeFrame(FRAME_KINDS.stanza, [0, 0], 'a@b'),
  writeFrame(FRAME_KINDS.stanza, [0, 0, 0, 9, 0, -1], ...Array.from({ length: 13 }, () => '')),
  writeFrame(FRAME_KINDS.ended, [Number.MAX_SAFE_INTEGER]),
  writeFrame(FRAME_KINDS.bound, [7, 0, 1, 0], 'opensrf', 'LOCALHOST', 'rogue', 'host@rogue'),
  writeFrame(FRAME_KINDS.bound, [7, 0, 1, 0], 'opensrf', 'localhost', 'a\nb', 'host@rogue'),
  writeFrame(FRAME_KINDS.bound, [7, 0, 1, 0], 'a@b', 'localhost', '', 'host@rogue'),
  writeFrame(FRAME_KINDS.registered, [7, 0, 0], 'localhost', 'opensrf.rogue', 'opensrf@localhost/a\tb', '', ''),
  writeFrame(FRAME_KINDS.counts, [], 'localhost', 'one line'),
  writeFrame(FRAME_KINDS.counts, [], 'localhost', 'a\tb\t1\tx\t1'),
];

test('well-formed frames of a member that refer to nothing change nothing, and it stays', async (t) => {
  const { jabber, hub, names } = await start(t);
  const rogue = await RogueMember.join(t, hub, 'rogue', names);
  for (const frame of POINTLESS) for (const name of names) rogue.send(name, frame);
  for (const name of names) await rogue.read(name);
  assert.deepEqual(rogue.departures, []);
  assert.equal(
    clusterOf(jabber)
      .report()
      .members.find(({ name }) => name === 'rogue')?.sessions,
    1,
  );
  await check(jabber);
});

test('each frame that no member writes gives its sender up, and no one else', async (t) => {
  const { jabber, hub, names } = await start(t);
  const rogues = await Promise.all(BROKEN.map((_, index) => RogueMember.join(t, hub, `rogue${index}`, names)));
  for (const [index, rogue] of rogues.entries()) {
    rogue.send(names[0] as string, BROKEN[index] as string);
    await rogue.until(() => rogue.departures.includes(`${names[0]} given-up-by-it`));
  }
  await check(jabber);
});

test('whatever a member sends, the process lives, and what it cannot read is a broken frame', async (t) => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed} (repeat with FUZZ_SEED=${seed})`);
  const { jabber, hub, names } = await start(t);
  const rogue = await RogueMember.join(t, hub, 'rogue', names);
  const { replicas, membership } = clusterOf(jabber);
  const member = membership.live.get('rogue') as Member;
  const random = randomFrom(seed);
  const oneOf = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const kinds = Object.values(FRAME_KINDS).filter((kind) => kind !== FRAME_KINDS.kick);
  const texts = [
    '',
    'localhost',
    'opensrf',
    'opensrf.rogue',
    'opensrf@localhost/rogue',
    'rogue',
    '__proto__',
    '\u0000',
    '𝄞',
    'x'.repeat(5_000),
    names[1] as string,
  ];
  const numbers = [0, 1, 2, 3, 7, -1, -2, 64, UNKNOWN, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER];
  let broken = 0;
  for (let count = 0; count < 20_000; count++) {
    const [some, more] = [Math.floor(random() * 8), Math.floor(random() * 15)];
    const frame = writeFrame(
      oneOf(kinds),
      Array.from({ length: some }, () => oneOf(numbers)),
      ...Array.from({ length: more }, () => oneOf(texts)),
    );
    const cut = random() < 0.1 ? frame.slice(0, Math.floor(random() * frame.length)) : frame;
    try {
      replicas.received(member, cut);
    } catch (error) {
      assert.ok(error instanceof FrameError, `${JSON.stringify(cut.slice(0, 200))}: ${(error as Error).stack}`);
      broken++;
    }
    if (count % 500 === 0) await rogue.read(names[1] as string);
  }
  assert.ok(broken > 1_000);
  rogue.membership.stop();
  await check(jabber);
});
