import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OsrfClient } from '../../server/api/client.ts';
import { drain } from '../../server/cli/drain.ts';
import type { ChopChopFixture as Implementation } from '../../server/fixture/fixture.ts';
import { type ChopChopFixture, type FixtureMember, startChopChop } from '../../server/index.ts';

/** The members of a cluster of three. */
function membersOf({ members }: ChopChopFixture): [FixtureMember, FixtureMember, FixtureMember] {
  return [...members] as [FixtureMember, FixtureMember, FixtureMember];
}

/** The JIDs of the listeners that the first member knows. */
function listeners(jabber: ChopChopFixture, service: string): string[] {
  const { server } = jabber as unknown as Implementation;
  return [...(server.routers.get('localhost')?.classes.get(service)?.nodes.keys() ?? [])];
}

/** Asks until only these answer, ten times in a row: news of other members takes a moment. */
async function onlyAnswering(client: OsrfClient, ...expected: string[]): Promise<void> {
  for (let rows = 0; rows < 1_000; rows++) {
    const names = new Set<string>();
    for (let index = 0; index < 10; index++) names.add(await client.request('who', 'am'));
    if ([...names].sort().join() === expected.join()) return;
  }
  assert.fail(`others than ${expected.join()} answer`);
}

test('a listener that is drained at one member gets no requests of any member, until it is resumed at another', async () => {
  await using jabber = await startChopChop({ cluster: { members: 3 } });
  const [first, second, third] = membersOf(jabber);
  await first.service('who', { am: () => 'first' });
  const [listener = ''] = listeners(jabber, 'who');
  await second.service('who', { am: () => 'second' });
  await third.waitForService('who');
  const clients = await Promise.all([first, second, third].map((member) => member.connect()));
  for (const client of clients) await onlyAnswering(client, 'first', 'second');
  const at = ({ host, port }: FixtureMember, resume: boolean) =>
    drain({ host, port, config: null, domain: 'localhost', username: 'router', password: 'password', router: null, service: 'who', listener, resume } as never);
  assert.match(await at(third, false), /^draining 1 listener of who/);
  for (const client of clients) await onlyAnswering(client, 'second');
  assert.match(await at(second, true), /^resumed 1 listener of who/);
  for (const client of clients) await onlyAnswering(client, 'first', 'second');
});

test('a held request goes to the first listener that registers at any member', async () => {
  await using jabber = await startChopChop({ cluster: { members: 3 }, router: { holdMs: 60_000 } });
  const [first, , third] = membersOf(jabber);
  const client = await first.connect();
  const answer = client.request('who', 'am');
  // The router answers after the request, which it holds.
  await client.request('router', 'opensrf.router.info.class.list').catch(() => null);
  await third.service('who', { am: () => 'third' });
  assert.equal(await answer, 'third');
});

test('with the balance "local", the listeners of the client’s own member are preferred, and those of others are the reserve', async () => {
  await using jabber = await startChopChop({ cluster: { members: 3, balance: 'local' } });
  const [first, second, third] = membersOf(jabber);
  const own = await first.service('who', { am: () => 'first' });
  await second.service('who', { am: () => 'second' });
  await third.waitForService('who');
  await onlyAnswering(await first.connect(), 'first');
  await onlyAnswering(await second.connect(), 'second');
  await onlyAnswering(await third.connect(), 'first', 'second');
  await own.stop();
  await onlyAnswering(await first.connect(), 'second');
});
