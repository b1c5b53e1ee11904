import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChopChopFixture as Implementation } from '../../server/fixture/fixture.ts';
import { type ChopChopFixture, type FixtureMember, startChopChop } from '../../server/index.ts';

/** The members of a cluster of three. */
function membersOf({ members }: ChopChopFixture): [FixtureMember, FixtureMember, FixtureMember] {
  return [...members] as [FixtureMember, FixtureMember, FixtureMember];
}

/** Resolves when the first member knows this many listeners of a service. */
async function listeners(jabber: ChopChopFixture, service: string, count: number): Promise<void> {
  const { server } = jabber as unknown as Implementation;
  const known = () => server.routers.get('localhost')?.classes.get(service)?.nodes.size ?? 0;
  await new Promise<void>((resolve) => {
    const end = server.watchServices(() => {
      if (known() >= count) resolve();
    });
    if (known() >= count) resolve();
    void end;
  });
}

test('a client of one member calls a service of another', async () => {
  await using jabber = await startChopChop({ cluster: { members: 3 } });
  const [first, second, third] = membersOf(jabber);
  await second.service('opensrf.math', { add: (a: number, b: number) => a + b });
  await first.waitForService('opensrf.math');
  await third.waitForService('opensrf.math');
  const client = await third.connect();
  assert.equal(await client.request('opensrf.math', 'add', 2, 2), 4);
  assert.equal(await jabber.request('opensrf.math', 'add', 20, 2), 22);
});

test('listeners of all members take turns', async () => {
  await using jabber = await startChopChop({ cluster: { members: 3 } });
  const members = membersOf(jabber);
  for (const member of members) await member.service('who', { am: () => member.name });
  await listeners(jabber, 'who', 3);
  const client = await members[0].connect();
  const counts = new Map<string, number>();
  for (let index = 0; index < 30; index++) {
    const name = await client.request('who', 'am');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts].sort(),
    members.map(({ name }) => [name, 10]),
  );
});

/** Short times, so that a test does not wait long for a lost member. */
const QUICK = { limits: { beatMs: 30, suspectMs: 100, deadAfterMs: 300 }, router: { lossGraceMs: 50 } } as const;

test('requests under way at a member that crashes are refused, and later ones go to other members', async () => {
  await using jabber = await startChopChop({ cluster: { members: 3 }, ...QUICK });
  const [first, second, third] = membersOf(jabber);
  await second.service('slow', { wait: () => new Promise(() => {}) });
  await first.waitForService('slow');
  const client = await first.connect();
  const waiting = client.request('slow', 'wait');
  await jabber.waitForRequest({ service: 'slow' });
  await second.crash();
  await assert.rejects(waiting, /503/);
  await third.service('slow', { wait: () => 'done' });
  await first.waitForService('slow');
  assert.equal(await client.request('slow', 'wait'), 'done');
});

test('two members that cannot reach each other give each other up, and come back together', async () => {
  await using jabber = await startChopChop({ cluster: { members: 2 }, ...QUICK });
  const [first, second] = membersOf(jabber);
  await second.service('far', { ask: () => 'here' });
  await first.waitForService('far');
  const client = await first.connect();
  const mend = first.cut(1);
  await assert.rejects(async () => {
    for (;;) await client.request('far', 'ask');
  }, /50[03]|404/);
  mend();
  await first.waitForService('far');
  assert.equal(await client.request('far', 'ask'), 'here');
});

test('a member that stands still for a moment only answers later', async () => {
  await using jabber = await startChopChop({ cluster: { members: 2 }, limits: { beatMs: 30 } });
  const [first, second] = membersOf(jabber);
  await second.service('far', { ask: () => 'here' });
  await first.waitForService('far');
  const client = await first.connect();
  second.freeze(400);
  assert.equal(await client.request('far', 'ask'), 'here');
});

test('of two sessions with one address at two members, the later one stays', async () => {
  await using jabber = await startChopChop({ cluster: { members: 2 } });
  const [first, second] = membersOf(jabber);
  const older = await first.connect({ resource: 'same' });
  const newer = await second.connect({ resource: 'same' });
  await second.service('opensrf.math', { add: (a: number, b: number) => a + b });
  assert.equal(await newer.request('opensrf.math', 'add', 1, 1), 2);
  await assert.rejects(older.request('opensrf.math', 'add', 1, 1));
});
