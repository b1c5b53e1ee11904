import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Limits } from '../../server/config/limits.ts';
import type { ChopChopFixture as Implementation } from '../../server/fixture/fixture.ts';
import { type ChopChopFixture, type FixtureMember, startChopChop } from '../../server/index.ts';
import { Peer } from '../support/peer.ts';

// scripts/cluster-facts.js measures the same, and more of it, with real processes.

const DOMAIN = 'localhost';

type Three = [FixtureMember, FixtureMember, FixtureMember];

async function startThree(t: TestContext, limits: Partial<Limits> = {}): Promise<{ jabber: ChopChopFixture; members: Three }> {
  const jabber = await startChopChop({ cluster: { members: 3 }, keepAlive: true, limits });
  t.after(() => jabber.stop());
  return { jabber, members: [...jabber.members] as Three };
}

function serverOf(member: FixtureMember): Implementation['server'] {
  return (member as unknown as { readonly fixture: Implementation }).fixture.server;
}

/** Resolves when a condition holds, which is looked at again and again. */
async function until(member: FixtureMember, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => serverOf(member).clock.after(5, () => resolve(undefined)));
}

test('seven listeners at three members get the same share of the requests of clients at all of them', async (t) => {
  const { members } = await startThree(t);
  const counts = Array.from({ length: 7 }, () => 0);
  for (const index of counts.keys()) {
    const count = () => {
      (counts[index] as number)++;
      return null;
    };
    await (members[index % 3] as FixtureMember).service('opensrf.facts', { count }, { workers: 4 });
  }
  for (const member of members) await until(member, () => serverOf(member).routers.get(DOMAIN)?.classes.get('opensrf.facts')?.nodes.size === 7);
  const ask = async (member: FixtureMember): Promise<void> => {
    const client = await member.connect();
    for (let asked = 0; asked < 140; asked++) await client.request('opensrf.facts', 'count');
  };
  await Promise.all(members.map(ask));
  const share = (3 * 140) / 7;
  // Each member rotates by itself.
  assert.ok(
    counts.every((count) => Math.abs(count - share) <= 3),
    counts.join(' '),
  );
});

/** Logs the same addresses in at two members. */
async function logInAtBoth(t: TestContext, [one, other]: readonly FixtureMember[], prefix: string, count: number): Promise<void> {
  const login = async (member: FixtureMember | undefined, resource: string): Promise<void> => {
    const peer = await Peer.connect(t, member as never);
    await peer.login('opensrf', DOMAIN, resource);
  };
  const resources = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
  await Promise.all(resources.flatMap((resource) => [login(one, resource), login(other, resource)]));
}

/** Where the address has its session, as each member sees it: the member's own ones have no carrier. */
function holders(members: readonly FixtureMember[], prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const jid = `opensrf@${DOMAIN}/${prefix}-${index}`;
    const here = members.filter((member) => [...serverOf(member).sessions].some((session) => session.jid === jid)).map(({ name }) => name);
    const known = members.map((member) => [...serverOf(member).sessionsElsewhere].find((session) => session.jid === jid)?.carrier.member ?? member.name);
    return `${here.join('+')} ${[...new Set(known)].join('+')}`;
  });
}

const AGREED = /^(\S+) \1$/;

test('of addresses that log in at two members at once, exactly one session each stays, and all members know where', async (t) => {
  const { members } = await startThree(t);
  await logInAtBoth(t, members, 'once', 50);
  await until(members[0], () => holders(members, 'once', 50).every((holder) => AGREED.test(holder)));
});

test('of addresses that log in on both sides of a cut, exactly one session each stays once it is healed, and all members know where', async (t) => {
  const { members } = await startThree(t, { beatMs: 50, suspectMs: 200, deadAfterMs: 500 });
  const [first, second, third] = members;
  const mends = [first.cut(1), first.cut(2)];
  const others = (member: FixtureMember) => serverOf(member).clusterReport?.members.length;
  await until(first, () => others(first) === 0 && others(second) === 1 && others(third) === 1);
  await logInAtBoth(t, members, 'split', 50);
  for (const mend of mends) mend();
  await until(first, () => members.every((member) => others(member) === 2));
  await until(first, () => holders(members, 'split', 50).every((holder) => AGREED.test(holder)));
});
